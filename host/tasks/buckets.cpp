#include "host/tasks/buckets.hpp"

#include <boost/json.hpp>

namespace trunkline::tasks {

Buckets buckets_of(const boost::json::object& manifest) {
    Buckets out;
    const auto* quotas = manifest.if_contains("quotas");
    if (quotas == nullptr || !quotas->is_array()) return out;
    for (const boost::json::value& entry : quotas->get_array()) {
        const auto* object = entry.if_object();
        const auto* bucket = object == nullptr ? nullptr : object->if_contains("bucket");
        if (bucket == nullptr || !bucket->is_string()) continue;
        const auto* scope = object->if_contains("scope");
        const bool chat = scope != nullptr && *scope == "chat";
        bool& of_conversation = out[std::string{bucket->get_string()}];
        of_conversation = of_conversation || chat;
    }
    return out;
}

Buckets buckets_of(std::string_view manifest) {
    boost::system::error_code bad;
    const auto parsed = boost::json::parse(manifest, bad);
    return bad || !parsed.is_object() ? Buckets{} : buckets_of(parsed.get_object());
}

}  // namespace trunkline::tasks
