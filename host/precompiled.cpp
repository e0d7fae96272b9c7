#include "host/precompiled.hpp"

// Asio is compiled once, here, instead of in every file.
#include <boost/asio/impl/src.hpp>
