#pragma once

namespace trunkline::runner {

/// `trunkline-runner try LIBRARY`: loads a connector, checks it and runs cases in it, so that what
/// breaks breaks this process. Descriptor 3: the cases (testing/cases.hpp), a file. Descriptor 4:
/// what happens, one JSON object a line, as it happens:
///
///     {"phase":"load"}                what is about to be done, so that a death can be placed
///     {"error":"..."}                 the connector cannot be used; the last line
///     {"case":"webhook","created":0,"said":"...","statuses":[0],"transcript":[...],"faults":[...]}
///     {"done":true}                   the last line otherwise
///
/// Returns the exit status.
int try_connector(const char* library);

}  // namespace trunkline::runner
