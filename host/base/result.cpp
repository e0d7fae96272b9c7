#include "host/base/result.hpp"

namespace trunkline {

const char* to_string(Fault fault) noexcept {
    switch (fault) {
        case Fault::malformed:
            return "malformed";
        case Fault::forged:
            return "forged";
        case Fault::unsupported:
            return "unsupported";
        case Fault::throttled:
            return "throttled";
        case Fault::unavailable:
            return "unavailable";
        case Fault::unknown:
            return "unknown";
        case Fault::rejected:
            return "rejected";
        case Fault::account_broken:
            return "account_broken";
        case Fault::not_found:
            return "not_found";
        case Fault::conflict:
            return "conflict";
        case Fault::storage:
            return "storage";
        case Fault::cancelled:
            return "cancelled";
    }
    return "invalid";
}

}  // namespace trunkline
