// trunkline-runner: one connector in a process of its own, so that what it breaks is this process.
// Started by the host, never by people.
#include <cstdio>
#include <string_view>

#include "host/runner/try.hpp"

int main(int count, char** values) {
    if (count == 3 && std::string_view{values[1]} == "try")
        return trunkline::runner::try_connector(values[2]);
    std::fputs(
        "usage: trunkline-runner try LIBRARY (started by trunkline, with its descriptors)\n", stderr
    );
    return 2;
}
