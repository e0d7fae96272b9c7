// Boost.JSON's code, compiled into each connector: a shared one would stay mapped after an unload.
#include <boost/json/src.hpp>
