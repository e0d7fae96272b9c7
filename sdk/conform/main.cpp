// Checks a connector against the rules of the border.
#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "check.hpp"
#include "execute.hpp"
#include "options.hpp"
#include "report.hpp"
#include "skips.hpp"
#include "subject.hpp"

namespace trunkline::conform {

const std::vector<Check>& all_checks() {
    static const std::vector<Check> kAll = [] {
        std::vector<Check> all;
        for (const auto& group :
             {binary_checks(),
              manifest_checks(),
              negotiation_checks(),
              lifecycle_checks(),
              unload_checks(),
              contract_checks(),
              threads_checks(),
              determinism_checks(),
              state_checks(),
              duplicates_checks(),
              failures_checks(),
              robustness_checks(),
              privacy_checks(),
              cost_checks(),
              upgrade_checks()}) {
            all.insert(all.end(), group.begin(), group.end());
        }
        return all;
    }();
    return kAll;
}

namespace {

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

/// The checks of that id or group. Throws when there is none.
std::vector<Check> named(const std::string& name) {
    std::vector<Check> found;
    for (const Check& each : all_checks()) {
        const bool in_group =
            each.id.starts_with(name) && each.id.substr(name.size()).starts_with('.');
        if (each.id == name || in_group) found.push_back(each);
    }
    if (found.empty())
        throw std::runtime_error{"there is no check '" + name + "'; --list names them all"};
    return found;
}

std::vector<Check> chosen(const Options& options) {
    if (options.checks.empty()) return all_checks();
    std::vector<Check> all;
    for (const std::string& name : options.checks) {
        const auto some = named(name);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

/// What an author's exception makes of a check; nothing when there is none for it.
std::optional<Result> excepted(const Check& check, const Exceptions& exceptions) {
    const auto skip = std::ranges::find(exceptions.skips, check.id, &Skip::check);
    if (skip == exceptions.skips.end()) return std::nullopt;
    Result result;
    result.check = &check;
    if (skip->until < today()) {
        result.verdict = Verdict::failed;
        result.faults.push_back(
            "it was to be skipped until " + skip->until + ", which is over: " + skip->reason
        );
    } else {
        result.verdict = Verdict::skipped;
        result.remark = skip->reason + "; until " + skip->until;
    }
    return result;
}

int check_all(const Options& options, const Subject& subject, const Exceptions& exceptions) {
    const std::vector<Check> checks = chosen(options);
    Report report;
    report.connector = subject.path.filename().string();
    report.seed = options.seed;
    report.cases = subject.cases.size();
    for (const Check& each : checks) {
        if (auto instead = excepted(each, exceptions)) {
            report.results.push_back(*std::move(instead));
            continue;
        }
        report.results.push_back(execute(each, subject, options.seed, options.reproduce.has_value())
        );
    }
    print(written(report, options.format));
    return report.ok() ? 0 : 1;
}

int run(const std::vector<std::string>& arguments) {
    Options options = read_options(arguments);
    if (options.help) return print(kUsage), 0;
    if (options.version) return print("trunkline-conform " TRUNKLINE_VERSION "\n"), 0;
    if (options.list) return print(written(all_checks(), options.format)), 0;
    if (options.seed == 0) options.seed = std::random_device{}();
    const Exceptions exceptions = read_exceptions(exceptions_file(options));
    for (const Skip& skip : exceptions.skips)
        (void)named(skip.check);
    Subject subject = subject_of(options, exceptions);
    subject.arguments = arguments;
    struct Folder {
        const std::filesystem::path& path;
        ~Folder() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    } const folder{subject.work};
    if (options.transcripts) return print(transcripts_of(subject)), 0;
    if (options.update) {
        for (const std::string& file : update(subject))
            print("written: " + file + "\n");
        return 0;
    }
    return check_all(options, subject, exceptions);
}

}  // namespace
}  // namespace trunkline::conform

int main(int count, char** words) {
    try {
        return trunkline::conform::run({words + 1, words + count});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "trunkline-conform: %s\n", error.what());
        return 2;
    }
}
