#include "host/precompiled_tests.hpp"
