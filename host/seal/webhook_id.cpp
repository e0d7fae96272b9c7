#include "host/seal/webhook_id.hpp"

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::seal {
namespace {

constexpr std::size_t kDigestBytes =
    18;  // no two batches ever meet, and 24 characters need no padding

// Each part carries its length, so that no two lists run together into one text.
void add(Sha256& digest, std::string_view part) {
    digest.update(std::to_string(part.size()));
    digest.update(":");
    digest.update(part);
}

}  // namespace

std::string webhook_id(const BatchIdentity& batch) {
    Sha256 digest;
    digest.update("trunkline batch v1\n");
    add(digest, batch.portal.text());
    add(digest, batch.lane);
    add(digest, std::to_string(batch.epoch));
    for (const auto& id : batch.event_ids)
        add(digest, id);
    return "batch_" + base64url_encode(std::string_view{digest.finish()}.substr(0, kDigestBytes));
}

}  // namespace trunkline::seal
