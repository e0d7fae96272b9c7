#pragma once

#include <chrono>
#include <functional>

namespace rocksdb {
class Env;
}

namespace trunkline::store {

/// Moments at which a crash is most telling; the crash checker dies at them.
enum class Moment {
    before_write,   ///< sequences are assigned, nothing is written
    after_write,    ///< written and synced, nobody knows yet
    after_publish,  ///< visible to readers, callers not answered
};

/// What only tests change. Everything outside host/store and its tests uses the defaults.
struct Internals {
    rocksdb::Env* env = nullptr;  ///< another file system; null = the machine's
    std::chrono::milliseconds acknowledgement_wait{50};
    std::chrono::milliseconds resume_every{1000};
    std::function<void(Moment)> reached;  ///< on the committer's thread
};

}  // namespace trunkline::store
