#include "host/universal/json.hpp"
#include "host/universal/json_text.hpp"
#include "host/universal/write_message.hpp"

namespace trunkline::universal {

void write_command_json(const Command& command, std::string& out) {
    ObjectText object{out};
    object.text("id", command.id());
    object.text("type", command.type());
    object.text_if("account", command.account());
    object.text_if("conversation", command.conversation());
    if (command.has_message())
        write_message(command.message(), Audience::connector, object.key("message"));
    object.text_if("emoji", command.emoji());
    if (command.has_removed()) object.flag("removed", command.removed());
    if (command.has_on()) object.flag("on", command.on());
    object.end();
}

}  // namespace trunkline::universal
