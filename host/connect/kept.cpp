// What of a flow outlives the host: a row of the store.
#include <boost/json.hpp>

#include "host/base/base64.hpp"
#include "host/base/stored_row.hpp"
#include "host/connect/flow.hpp"
#include "host/tasks/marks.hpp"

namespace trunkline::connect {
namespace {

namespace json = boost::json;

constexpr WallMs kRowLivesBeyond = 24LL * 3600 * 1000;  // so that an expired flow is still undone

}  // namespace

store::Put row_of(const Kept& kept) {
    json::array told;
    for (const tasks::Told& each : kept.told) {
        tasks::Mark mark;
        mark.step = each.reply.step;
        mark.fingerprint = each.fingerprint;
        mark.reply = each.reply;
        told.push_back(json::object{
            {"step", each.reply.step},
            {"kind", each.reply.kind},
            {"secret", each.reply.secret},
            {"mark", base64_encode(tasks::encode_mark(mark))}});
    }
    const json::object row{
        {"connector", kept.connector},
        {"portal", kept.portal},
        {"line", kept.line},
        {"settings", kept.settings},
        {"again", kept.again},
        {"page", kept.secret},
        {"began", kept.began_ms},
        {"until", kept.until_ms},
        {"seed", base64_encode(kept.seed)},
        {"told", std::move(told)}};
    return {
        store::Table::account,
        kFlowPrefix + kept.account,
        json::serialize(row),
        kept.until_ms + kRowLivesBeyond};
}

store::Erase erasure_of(const Kept& kept) {
    return {store::Table::account, kFlowPrefix + kept.account};
}

std::optional<Kept> read_kept(const store::Row& row) {
    StoredRow stored{"account " + row.key, row.value};
    Kept kept;
    kept.account = row.key.substr(sizeof kFlowPrefix - 1);
    kept.connector = stored.text("connector");
    kept.portal = stored.text("portal");
    kept.line = stored.text("line");
    kept.settings = stored.object("settings");
    kept.again = stored.flag("again");
    kept.secret = stored.text("page");
    kept.began_ms = stored.number("began");
    kept.until_ms = stored.number("until");
    const std::string seed = stored.text("seed");
    if (!stored.whole() || !base64_decode(seed, kept.seed)) return std::nullopt;
    const json::value whole = json::parse(row.value);
    const auto* told = whole.get_object().if_contains("told");
    if (told == nullptr || !told->is_array()) return std::nullopt;
    for (const json::value& each : told->get_array()) {
        if (!each.is_object()) return std::nullopt;
        StoredRow part{"account " + row.key, json::serialize(each)};
        const auto step = static_cast<std::uint32_t>(part.number("step"));
        const auto kind = static_cast<std::uint32_t>(part.number("kind"));
        const bool secret = part.flag("secret");
        std::string bytes;
        const std::string mark_text = part.text("mark");
        if (!part.whole() || !base64_decode(mark_text, bytes)) return std::nullopt;
        auto mark = tasks::decode_mark(step, bytes);
        if (!mark || !mark->reply) return std::nullopt;
        mark->reply->kind = kind;
        mark->reply->secret = secret;
        kept.told.push_back({mark->fingerprint, *std::move(mark->reply)});
    }
    return kept;
}

}  // namespace trunkline::connect
