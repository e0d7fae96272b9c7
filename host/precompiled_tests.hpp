// The tests' precompiled header: the host's, and GoogleTest.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/precompiled.hpp"
