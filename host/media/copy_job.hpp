#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/result.hpp"
#include "host/store/store.hpp"

namespace trunkline::media {

/// One file of a messenger that is still to be copied, and what its portal is told when that fails.
/// Kept as a row of Table::copy until it is done, so that a crash forgets none. A value.
struct CopyJob {
    std::string id;  ///< a ULID
    AccountId account;
    std::string ref;      ///< the connector's reference
    WallMs dies_ms = 0;   ///< when the messenger no longer has it
    WallMs until_ms = 0;  ///< the end of its link, so of its copy
    WallMs due_ms = 0;    ///< when to try next
    std::uint32_t tries = 0;
    std::uint32_t gone = 0;  ///< of these, the last ones at which the messenger had no such file
    bool told = false;       ///< its portal knows that there was no room

    // Of the event it came with.
    std::string conversation, kind, message;
    std::string attachment_kind, url, name, mime;
};

/// Where the rows of jobs begin, and those of one account. Behind that stands the time at which a
/// job is due, so that the first row of an account is the one to look at.
inline constexpr std::string_view kJobs = "job/";
std::string jobs_of(const AccountId& account);
/// Behind all jobs of that account, before those of the next.
std::string behind_jobs_of(const AccountId& account);

std::string key_of(const CopyJob& job);
store::Put row_of(const CopyJob& job);

/// `storage`: the row is damaged; key and account are then all there is of it.
Result<CopyJob> job_from(const store::Row& row);
AccountId account_of_job(std::string_view key);  ///< of a job's key

}  // namespace trunkline::media
