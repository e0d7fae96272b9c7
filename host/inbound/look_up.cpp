#include "host/inbound/look_up.hpp"

#include "host/universal/json.hpp"

namespace trunkline::inbound {

std::string original_id(const accounts::Account& account, const std::string& id) {
    const auto known = account.known_as.find(id);
    return known == account.known_as.end() ? id : known->second;
}

std::vector<Question> questions_about(
    const accounts::Account& account, const tasks::Durable& durable
) {
    std::vector<Question> questions;
    for (std::size_t i = 0; i < durable.items.size(); ++i) {
        const tasks::Item& item = durable.items[i];
        if ((item.flags & TL_ITEM_OUTGOING) == 0) continue;
        // What a human does later to what we sent (an edit, a reaction) is news.
        const auto event = universal::read_event(item.json);
        if (!event || event->type() != "message" || event->message().id().empty()) continue;
        const std::string conversation =
            item.conversation.empty() ? event->conversation().id() : item.conversation;
        questions.push_back(
            {original_id(account, conversation), event->message().id(), i, {}, false}
        );
    }
    return questions;
}

Result<void> find_answers(
    store::Store& store, const accounts::Account& account, std::vector<Question>& questions
) {
    for (Question& question : questions) {
        if (question.message.empty()) {
            auto facts = store.conversation(account.lane, question.conversation);
            if (!facts) return facts.error();
            question.kind = facts->kind;
            continue;
        }
        auto row = store.row(
            store::Table::sent,
            account.id.text() + '\0' + question.conversation + '\0' + question.message
        );
        if (!row) return row.error();
        question.ours = row->has_value();
    }
    return {};
}

}  // namespace trunkline::inbound
