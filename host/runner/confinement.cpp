#include "host/runner/confinement.hpp"

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "host/frames/transport.hpp"

namespace trunkline::runner {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeign = 0x40000000;  // calls of the x32 ABI
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeign = 0x40000000;
#else
#error "which system calls a child may make is known for x86-64 and aarch64 only"
#endif

// Sanitizers reserve terabytes of address space, and make calls of their own at any time: in such
// builds, which nobody serves with, nothing is filtered.
#ifdef TRUNKLINE_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr rlim_t kFilesMax = 64;  // while loading
constexpr rlim_t kFilesMaxRunning =
    16;  // a memory file that is nobody's memory counts nowhere else
constexpr rlim_t kFileBytesMax = frames::kFrameMax + (1ULL << 20U);  // of a memory file

Error failed(const char* what) {
    return Error{
        Fault::unavailable,
        std::string{what} + ": " + std::error_code{errno, std::generic_category()}.message()};
}

/// A seccomp filter. Every rule looks at the call's number and, when it is another one, falls
/// through.
class Filter {
public:
    Filter() {
        load(offsetof(seccomp_data, arch));
        program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0));
        end(SECCOMP_RET_KILL_PROCESS);
        load(offsetof(seccomp_data, nr));
        program_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kForeign, 0, 1));
        end(SECCOMP_RET_KILL_PROCESS);
    }

    void on(std::initializer_list<int> calls, std::uint32_t action) {
        for (const int call : calls) {
            program_.push_back(
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1)
            );
            end(action);
        }
    }

    /// Allowed with one of `values` as its argument `index` (of which the lower half counts), else
    /// `action`.
    void on_argument(
        int call,
        std::uint32_t index,
        std::initializer_list<std::uint32_t> values,
        std::uint32_t action
    ) {
        const auto length = static_cast<std::uint8_t>(2 + 2 * values.size());
        program_.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, length)
        );
        load(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
        for (const std::uint32_t value : values) {
            program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
            end(SECCOMP_RET_ALLOW);
        }
        end(action);
    }

    /// `action` when argument `index` has one of `bits`, else allowed.
    void on_bits(int call, std::uint32_t index, std::uint32_t bits, std::uint32_t action) {
        program_.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 4)
        );
        load(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
        program_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
        end(action);
        end(SECCOMP_RET_ALLOW);
    }

    Result<void> install(std::uint32_t otherwise) {
        end(otherwise);
        const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            return failed("installing a filter of system calls");
        return {};
    }

private:
    void load(std::size_t offset) {
        program_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }
    void end(std::uint32_t action) { program_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }

    std::vector<sock_filter> program_;
};

Result<void> limit(int resource, rlim_t most) {
    const rlimit wanted{most, most};
    if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) != 0)
        return failed("setting a limit");
    return {};
}

/// Reading is left for what loading needs: the library, the system's libraries, and the linker's
/// list of them. Where the kernel has no Landlock, the filters of calls are all there is.
Result<void> close_files(const std::string& library) {
    landlock_ruleset_attr rules{};
    rules.handled_access_fs =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE |
        LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
        LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
        LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK;
    const int set =
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
    if (set < 0) return {};
    const auto may_read = [set](const char* path, std::uint64_t what) {
        const int place = ::open(path, O_PATH | O_CLOEXEC);
        if (place < 0) return;  // not on this machine
        landlock_path_beneath_attr rule{};
        rule.allowed_access = what;
        rule.parent_fd = place;
        (void)::syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        ::close(place);
    };
    constexpr std::uint64_t kFile = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
    constexpr std::uint64_t kFolder = kFile | LANDLOCK_ACCESS_FS_READ_DIR;
    may_read(library.c_str(), kFile);
    for (const char* file : {"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ssl/openssl.cnf"})
        may_read(file, LANDLOCK_ACCESS_FS_READ_FILE);
    for (const char* folder : {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"})
        may_read(folder, kFolder);
    const bool closed = ::syscall(SYS_landlock_restrict_self, set, 0) == 0;
    const auto why = failed("closing the file system");
    ::close(set);
    if (!closed) return why;
    return {};
}

frames::Progress* told_to = nullptr;  // a signal handler has no other way to know

/// The kernel skipped the call; it fails like one that is not permitted.
void on_refused(int, siginfo_t* info, void* context) {
    told_to->refused_last.store(info->si_syscall, std::memory_order_relaxed);
    told_to->refused.fetch_add(1, std::memory_order_relaxed);
    auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    machine.gregs[REG_RAX] = -EPERM;
#else
    machine.regs[0] = static_cast<std::uint64_t>(-EPERM);
#endif
}

}  // namespace

Result<void> confine_loading(std::uint64_t memory_max, const std::string& library) {
    // A host that died before this is noticed at the socket.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failed("binding to the host's life");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("giving up privileges");
    for (const auto& [resource, most] :
         {std::pair<int, rlim_t>{RLIMIT_CORE, 0},
          {RLIMIT_NOFILE, kFilesMax},
          {RLIMIT_FSIZE, kFileBytesMax},
          {RLIMIT_AS, kSanitized ? RLIM_INFINITY : memory_max}}) {
        if (auto limited = limit(resource, most); !limited) return limited;
    }
    if (kSanitized) return {};
    if (auto closed = close_files(library); !closed) return closed;
    constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
    Filter filter;
    const auto self = static_cast<std::uint32_t>(::getpid());
    // abort() sends a signal to itself, and a limit may be asked for; of others nothing.
    filter.on_argument(SYS_tgkill, 0, {self}, kRefuse);
    filter.on_argument(SYS_prlimit64, 0, {0, self}, kRefuse);
    filter.on(
        {SYS_rt_sigqueueinfo,
         SYS_rt_tgsigqueueinfo,
         SYS_pidfd_open,
         SYS_pidfd_send_signal,
         SYS_pidfd_getfd,
         SYS_kcmp,
         SYS_process_madvise,
         SYS_setpriority,
         SYS_ioprio_set,
         SYS_sched_setparam,
         SYS_sched_setscheduler,
         SYS_sched_setattr,
         SYS_sched_setaffinity,
         SYS_migrate_pages,
         SYS_move_pages,
         SYS_fchmod,
         SYS_fchown,
         SYS_setxattr,
         SYS_lsetxattr,
         SYS_fsetxattr,
         SYS_removexattr,
         SYS_lremovexattr,
         SYS_fremovexattr,
         SYS_add_key,
         SYS_request_key,
         SYS_shmget,
         SYS_semget,
         SYS_msgget,
         SYS_inotify_init1,
         SYS_fanotify_init,
         SYS_name_to_handle_at},
        kRefuse
    );
    filter.on(
        {SYS_socket,
         SYS_socketpair,
         SYS_connect,
         SYS_bind,
         SYS_listen,
         SYS_accept,
         SYS_accept4,
         SYS_execve,
         SYS_execveat,
         SYS_clone,
         SYS_clone3,
         SYS_kill,
         SYS_tkill,
         SYS_ptrace,
         SYS_process_vm_readv,
         SYS_process_vm_writev,
         SYS_io_uring_setup,
         SYS_bpf,
         SYS_perf_event_open,
         SYS_userfaultfd,
         SYS_keyctl,
         SYS_unshare,
         SYS_setns,
         SYS_mount,
         SYS_openat2,
         SYS_open_by_handle_at,
         SYS_unlinkat,
         SYS_renameat2,
         SYS_mkdirat,
         SYS_mknodat,
         SYS_linkat,
         SYS_symlinkat,
         SYS_fchmodat,
         SYS_fchownat,
         SYS_utimensat,
         SYS_truncate},
        kRefuse
    );
    filter.on_bits(SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, kRefuse);
#if defined(__x86_64__)
    filter.on_bits(SYS_open, 1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, kRefuse);
    filter.on(
        {SYS_fork,
         SYS_vfork,
         SYS_creat,
         SYS_unlink,
         SYS_rmdir,
         SYS_rename,
         SYS_renameat,
         SYS_mkdir,
         SYS_mknod,
         SYS_link,
         SYS_symlink,
         SYS_chmod,
         SYS_chown,
         SYS_lchown},
        kRefuse
    );
#endif
    return filter.install(SECCOMP_RET_ALLOW);
}

Result<void> confine_running(frames::Progress& progress) {
    if (kSanitized) return {};
    if (auto limited = limit(RLIMIT_NOFILE, kFilesMaxRunning); !limited) return limited;
    told_to = &progress;
    struct sigaction action {};
    action.sa_sigaction = on_refused;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (::sigaction(SIGSYS, &action, nullptr) != 0) return failed("watching refused calls");

    Filter filter;
    filter.on(
        {SYS_read,
         SYS_write,
         SYS_readv,
         SYS_writev,
         SYS_sendmsg,
         SYS_recvmsg,
         SYS_sendto,
         SYS_recvfrom,
         SYS_pread64,
         SYS_pwrite64,
         SYS_lseek,
         SYS_close,
         SYS_fstat,
         SYS_memfd_create,
         SYS_ftruncate,
         SYS_mmap,
         SYS_munmap,
         SYS_mremap,
         SYS_mprotect,
         SYS_madvise,
         SYS_brk,
         SYS_futex,
         SYS_clock_gettime,
         SYS_clock_getres,
         SYS_gettimeofday,
         SYS_nanosleep,
         SYS_clock_nanosleep,
         SYS_sched_yield,
         SYS_getrandom,
         SYS_getpid,
         SYS_gettid,
         SYS_rt_sigreturn,
         SYS_rt_sigprocmask,
         SYS_restart_syscall,
         SYS_exit,
         SYS_exit_group},
        SECCOMP_RET_ALLOW
    );
#if defined(__x86_64__)
    filter.on({SYS_time}, SECCOMP_RET_ALLOW);
#endif
    filter.on_argument(SYS_fcntl, 1, {F_ADD_SEALS, F_GET_SEALS}, SECCOMP_RET_TRAP);
    // abort() sends a signal to itself; to others nobody may.
    filter.on_argument(SYS_tgkill, 0, {static_cast<std::uint32_t>(::getpid())}, SECCOMP_RET_TRAP);
    // The C library asks these of its own accord, about standard output; not worth a word.
    filter.on({SYS_newfstatat, SYS_ioctl}, SECCOMP_RET_ERRNO | EPERM);
    return filter.install(SECCOMP_RET_TRAP);
}

}  // namespace trunkline::runner
