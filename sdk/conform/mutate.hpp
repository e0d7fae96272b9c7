#pragma once

#include <random>
#include <string>
#include <vector>

#include <trunkline/testing.hpp>

/// Hostile inputs made from good ones.
namespace trunkline::conform {

using Random = std::mt19937_64;

/// One change at random: of bytes, or of the JSON where it is JSON.
std::string mutated(const std::string& text, Random& random);

/// A body with one of its texts replaced. Empty when it is no JSON object with a text in it.
std::string with_text(const std::string& body, const std::string& text);
/// The body grown to about `bytes`, in its longest text or in its longest list.
std::string with_long_text(const std::string& body, std::size_t bytes);
std::string with_long_list(const std::string& body, std::size_t bytes);
/// Every number in it replaced by that one.
std::string with_number(const std::string& body, const std::string& number);
/// Every member of its outermost object written twice, the second time with another value.
std::string with_doubled_members(const std::string& body);

}  // namespace trunkline::conform
