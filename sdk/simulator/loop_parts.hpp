#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "trunkline/simulator/loop.hpp"

namespace trunkline::simulator {

struct Loop::Parts {
    boost::asio::io_context io{1};
};

}  // namespace trunkline::simulator
