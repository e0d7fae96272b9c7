#pragma once

#include <boost/json.hpp>

#include "host/universal/reader.hpp"
#include "host/universal/universal.pb.h"

/// The parts events and commands share. Only for the sources of this folder.
namespace trunkline::universal {

/// Whose words are read: a connector may report what nobody here knows yet, a portal may not ask
/// for it.
enum class Origin { connector, portal };

void read_message(Reading& reading, const boost::json::value& value, Origin origin, Message& out);
void read_button(Reading& reading, const boost::json::value& value, Origin origin, Button& out);

/// Spans must lie inside the text; clips and drops as `read_event` says. Also for messages that
/// came as protobuf.
void check_spans(Reading& reading, Message& message);

}  // namespace trunkline::universal
