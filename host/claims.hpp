#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace trunkline {

/// Who is being changed, by name. Changes of one account or portal come one after the other; an
/// account that comes and the removal of its portal exclude each other. `[any]`
class Claims {
public:
    /// One hold on a name; it ends with this.
    class Hold {
    public:
        Hold(Claims& claims, std::string name) : claims_{claims}, name_{std::move(name)} {}
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() {
            if (held_) claims_.give_back(name_);
        }
        /// False when anybody else has it.
        bool take() { return held_ = claims_.take(name_, kAlone); }
        /// False when somebody else has it alone.
        bool share() { return held_ = claims_.take(name_, 1); }

    private:
        Claims& claims_;
        const std::string name_;
        bool held_ = false;
    };

private:
    static constexpr int kAlone = -1;

    bool take(const std::string& name, int how) {
        const std::lock_guard lock{mutex_};
        int& holders = holders_[name];
        if (holders == kAlone || (holders > 0 && how == kAlone)) return false;
        holders = how == kAlone ? kAlone : holders + 1;
        return true;
    }
    void give_back(const std::string& name) {
        const std::lock_guard lock{mutex_};
        const auto found = holders_.find(name);
        if (found->second == kAlone || --found->second == 0) holders_.erase(found);
    }

    std::mutex mutex_;                    // guards holders_
    std::map<std::string, int> holders_;  // how many, or kAlone
};

/// Shared by whoever opens an account of the portal, alone for who removes that.
inline std::string accounts_claim(const std::string& portal) {
    return "accounts of " + portal;
}

}  // namespace trunkline
