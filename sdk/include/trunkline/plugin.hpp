#pragma once

/// What turns a class derived from Connector into a connector: open tasks, the guarded functions of
/// the border, the ELF note and the one export. Included by connector.hpp; authors use the macro
/// at the end.

#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>

#include <trunkline/connector.hpp>
#include <trunkline/note.h>
#include <trunkline/version.h>

namespace trunkline::inline face::detail {

/// The bytes of a starting input, kept as long as the task: what its views point into.
class OwnedInput {
public:
    explicit OwnedInput(const tl_input& input) {
        std::uint64_t size = input.method.size + input.target.size + input.body.size +
                             input.key.size + input.note.size;
        for (std::uint32_t i = 0; i < input.pair_count; ++i) {
            size += input.pairs[i].name.size + input.pairs[i].value.size;
        }
        bytes_ = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(size));
        method = keep(input.method);
        target = keep(input.target);
        body = keep(input.body);
        key = keep(input.key);
        note = keep(input.note);
        headers.reserve(input.pair_count);
        for (std::uint32_t i = 0; i < input.pair_count; ++i) {
            const std::string_view name = keep(input.pairs[i].name);
            headers.push_back({name, keep(input.pairs[i].value)});
        }
    }

    std::string_view method, target, body, key, note;
    std::vector<HeaderView> headers;

private:
    std::string_view keep(const tl_view& text) {
        const auto size = static_cast<std::size_t>(text.size);
        char* const place = bytes_.get() + used_;
        if (size > 0) std::memcpy(place, text.data, size);
        used_ += size;
        return {place, size};
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t used_ = 0;
};

/// A task between its first input and its end. Owned by its instance; `[serving]`.
class OpenTask {
public:
    OpenTask(const Connector& connector, const tl_input& start, Host host)
        : kind_{start.kind}, owned_{start}, context_{start, host} {
        task_ = begin(connector);
    }

    /// True for kinds that start a task.
    static bool starts(std::uint32_t kind) noexcept {
        return kind >= TL_IN_WEBHOOK && kind <= TL_IN_DISCONNECT;
    }

    /// Runs up to the first wait. TL_OK, or the status the task failed with.
    tl_status start(const tl_effects& effects) { return run(task_.handle(), effects); }

    /// Hands in the answer to a step and goes on when the task waits for it. TL_E_BAD_STATE leaves
    /// the task as it was: no such step is under way.
    tl_status answer(const tl_input& input, const tl_effects& effects) {
        const auto wait = std::ranges::find(context_.under_way_, input.step, &Context::Wait::step);
        if (wait == context_.under_way_.end() || wait->kind != input.kind) return TL_E_BAD_STATE;
        context_.replies_.push_back(reply_of(input));
        context_.under_way_.erase(wait);
        context_.see(input);
        if (context_.awaited_ != input.step) return TL_OK;
        context_.awaited_ = 0;
        return run(context_.awaiter_, effects);
    }

    bool ended() const noexcept { return task_.handle().done(); }

private:
    Task begin(const Connector& connector) {
        const Webhook web{owned_.method, owned_.target, owned_.body, owned_.headers};
        const auto input = [&](auto value) -> const auto& {
            return input_.emplace<decltype(value)>(std::move(value));
        };
        switch (kind_) {
            case TL_IN_WEBHOOK:
                return connector.on_webhook(context_, input(web));
            case TL_IN_ROUTED:
                return connector.on_routed(context_, input(Routed{owned_.key, owned_.body}));
            case TL_IN_REPLAY:
                return connector.on_replay(context_, input(Replay{web, owned_.key}));
            case TL_IN_POLL:
                return connector.on_poll(context_, input(Poll{owned_.note}));
            case TL_IN_COMMAND:
                return connector.on_command(
                    context_, input(Command{owned_.key, owned_.note, owned_.body})
                );
            case TL_IN_FILE:
                return connector.on_file(context_, input(File{owned_.key}));
            case TL_IN_PROFILE:
                return connector.on_profile(context_, input(Profile{owned_.key, owned_.note}));
            case TL_IN_CONNECT:
                return connector.on_connect(context_, input(Connect{owned_.body}));
            case TL_IN_CHECK:
                return connector.on_check(context_);
            default:
                return connector.on_disconnect(context_);
        }
    }

    static Reply reply_of(const tl_input& input) {
        Reply reply{input.step, input.kind, input.flags, input.status, {}, {}, {}};
        reply.body = view(input.body);
        reply.target = view(input.target);
        reply.headers.reserve(input.pair_count);
        for (std::uint32_t i = 0; i < input.pair_count; ++i) {
            const tl_pair& pair = input.pairs[i];
            reply.headers.push_back({std::string{view(pair.name)}, std::string{view(pair.value)}});
        }
        return reply;
    }

    tl_status run(std::coroutine_handle<> from, const tl_effects& effects) {
        context_.effects_ = &effects;
        from.resume();
        context_.effects_ = nullptr;
        return ended() ? finish(effects) : TL_OK;
    }

    tl_status finish(const tl_effects& effects) {
        const Task::promise_type& promise = task_.handle().promise();
        if (!promise.outcome) return failed(promise.status, promise.failure);
        const Outcome& outcome = *promise.outcome;
        if (outcome.status() != TL_OK) return failed(outcome.status(), outcome.text());
        // Inbound tasks end by themselves; saying so for each would double their effects.
        const bool inbound =
            kind_ == TL_IN_WEBHOOK || kind_ == TL_IN_ROUTED || kind_ == TL_IN_REPLAY;
        if (inbound && outcome.kind() == TL_DONE && context_.under_way_.empty()) return TL_OK;
        return outcome.lend([&](const tl_outcome& lent) {
            return effects.outcome(effects.ctx, context_.task_, &lent);
        });
    }

    tl_status failed(tl_status status, std::string_view reason) const noexcept {
        if (!reason.empty()) {
            context_.host().log(status == TL_E_INTERNAL ? TL_LOG_ERROR : TL_LOG_WARNING, reason);
        }
        return status;
    }

    std::uint32_t kind_;
    OwnedInput owned_;
    std::variant<std::monostate, Webhook, Routed, Replay, Poll, Command, File, Profile, Connect>
        input_;
    Context context_;
    Task task_;  ///< last: its frame refers to everything above
};

/// A connector's object with its open tasks: what tl_instance stands for.
class Instance {
public:
    Instance(std::unique_ptr<Connector> connector, Host host)
        : connector_{std::move(connector)}, host_{host} {}

    /// Handles one input; a task that failed is forgotten.
    tl_status handle(const tl_input& input, const tl_effects& effects) noexcept try {
        if (input.kind == TL_IN_CANCEL) {
            open_.erase(input.task);
            return TL_OK;
        }
        if (OpenTask::starts(input.kind)) return start(input, effects);
        if (input.kind < TL_IN_HTTP_REPLY || input.kind > TL_IN_FORM) return TL_E_UNSUPPORTED;
        const auto found = open_.find(input.task);
        if (found == open_.end()) return TL_E_BAD_STATE;
        const tl_status status = found->second->answer(input, effects);
        if (found->second->ended()) open_.erase(found);
        return status;
    } catch (...) {
        open_.erase(input.task);
        const Escape escape = escape_in_flight();
        host_.log(TL_LOG_ERROR, escape.text);
        return escape.status;
    }

    const Connector& connector() const noexcept { return *connector_; }
    const Host& host() const noexcept { return host_; }

private:
    tl_status start(const tl_input& input, const tl_effects& effects) {
        open_.erase(input.task);
        auto task = std::make_unique<OpenTask>(*connector_, input, host_);
        const tl_status status = task->start(effects);
        if (!task->ended()) open_.emplace(input.task, std::move(task));
        return status;
    }

    std::unique_ptr<Connector> connector_;
    Host host_;
    std::unordered_map<std::uint64_t, std::unique_ptr<OpenTask>> open_;
};

inline Instance& instance_of(tl_instance* opaque) noexcept {
    return *reinterpret_cast<Instance*>(opaque);
}

template <class Class>
constexpr std::uint32_t state_schema() noexcept {
    if constexpr (requires { Class::kStateSchema; }) {
        return Class::kStateSchema;
    } else {
        return 0;
    }
}

/// True when a connector has its own version of a function of Connector.
template <class Mine, class Base>
constexpr bool overrides(Mine, Base) noexcept {
    return !std::is_same_v<Mine, Base>;
}

/// The oldest host minor a connector works with: the highest one among the functions it overrides.
/// Nobody types this number. Functions of a later minor are added here with theirs.
template <class Class>
constexpr std::uint32_t needed_minor() noexcept {
    constexpr bool of_minor_0 = overrides(&Class::on_webhook, &Connector::on_webhook) ||
                                overrides(&Class::on_routed, &Connector::on_routed) ||
                                overrides(&Class::on_replay, &Connector::on_replay) ||
                                overrides(&Class::on_poll, &Connector::on_poll) ||
                                overrides(&Class::on_command, &Connector::on_command) ||
                                overrides(&Class::on_file, &Connector::on_file) ||
                                overrides(&Class::on_profile, &Connector::on_profile) ||
                                overrides(&Class::on_connect, &Connector::on_connect) ||
                                overrides(&Class::on_check, &Connector::on_check) ||
                                overrides(&Class::on_disconnect, &Connector::on_disconnect);
    static_assert(of_minor_0, "a connector overrides at least one on_... function");
    return 0;
}

template <class Class>
tl_status create(const tl_host* table, const tl_setup* given, tl_instance** out) noexcept {
    const Host host{table};
    try {
        if (given->state.size > 0 && given->state_schema != state_schema<Class>())
            return TL_E_BAD_STATE;
        const Setup setup{
            static_cast<Scope>(given->scope),
            view(given->name),
            view(given->connector_json),
            view(given->settings_json),
            view(given->hook_url),
            view(given->state),
            host};
        auto instance = std::make_unique<Instance>(std::make_unique<Class>(setup), host);
        *out = reinterpret_cast<tl_instance*>(instance.release());
        return TL_OK;
    } catch (...) {
        const Escape escape = escape_in_flight();
        host.log(TL_LOG_ERROR, escape.text);
        return escape.status;
    }
}

inline void destroy(tl_instance* instance) noexcept {
    delete &instance_of(instance);
}

inline tl_status handle(
    tl_instance* opaque,
    const tl_input* inputs,
    std::uint32_t n,
    std::uint32_t* done,
    const tl_effects* effects
) noexcept {
    Instance& instance = instance_of(opaque);
    for (*done = 0; *done < n; ++*done) {
        const tl_status status = instance.handle(inputs[*done], *effects);
        if (status != TL_OK) return status;
    }
    return TL_OK;
}

inline tl_status save(tl_instance* opaque, void* ctx, void (*sink)(void*, tl_view)) noexcept {
    Instance& instance = instance_of(opaque);
    try {
        const std::string state = instance.connector().save();
        if (state.size() > TL_MAX_VALUE) return TL_E_LIMIT;
        if (!state.empty()) sink(ctx, raw(state));
        return TL_OK;
    } catch (...) {
        const Escape escape = escape_in_flight();
        instance.host().log(TL_LOG_ERROR, escape.text);
        return escape.status;
    }
}

/// A connector may have `static bool self_check(Host)`: tables and parsers, no effects.
template <class Class>
tl_status self_check(const tl_host* table) noexcept {
    if constexpr (requires(Host host) {
                      { Class::self_check(host) } -> std::same_as<bool>;
                  }) {
        try {
            return Class::self_check(Host{table}) ? TL_OK : TL_E_INTERNAL;
        } catch (...) {
            return escape_in_flight().status;
        }
    }
    return TL_OK;
}

/// A connector may have `static const void* extension(std::string_view id) noexcept`.
template <class Class>
const void* extension([[maybe_unused]] tl_view id) noexcept {
    if constexpr (requires {
                      { Class::extension(view(id)) }
                      noexcept->std::same_as<const void*>;
                  }) {
        return Class::extension(view(id));
    }
    return nullptr;
}

template <class Class>
constexpr tl_plugin plugin_of(
    std::string_view id, std::string_view version, std::string_view title, std::string_view manifest
) noexcept {
    static_assert(
        std::derived_from<Class, Connector>, "a connector derives from trunkline::Connector"
    );
    return {
        sizeof(tl_plugin),
        TL_ABI_MAJOR,
        needed_minor<Class>(),
        state_schema<Class>(),
        raw(id),
        raw(version),
        raw(title),
        raw(manifest),
        &create<Class>,
        &destroy,
        &handle,
        &save,
        &self_check<Class>,
        &extension<Class>};
}

inline constexpr std::string_view kBuild = "sdk " TL_SDK_VERSION "; " __VERSION__;

/// The note as it lies in the file; see note.h.
template <std::size_t TextSize>
struct NoteImage {
    std::uint32_t owner_size, size, type;
    char owner[12];
    tl_note note;
    char text[(TextSize + 3) / 4 * 4];
};

constexpr bool valid_id(std::string_view id) noexcept {
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
    return id.size() >= 2 && id.size() <= 32 && letter(id[0]) && std::ranges::all_of(id, allowed);
}

template <class Class, std::size_t Id, std::size_t Version, std::size_t Title, std::size_t Manifest>
consteval auto note_of(
    const char (&id)[Id],
    const char (&version)[Version],
    const char (&title)[Title],
    const char (&manifest)[Manifest]
) {
    if (!valid_id({id, Id - 1})) throw "a connector's id is [a-z][a-z0-9_]{1,31}";
    constexpr std::size_t kSize = Id + Version + Title + Manifest - 4 + kBuild.size();
    NoteImage<kSize> image{};
    image.owner_size = sizeof(TL_NOTE_OWNER);
    image.size = sizeof(image.note) + sizeof(image.text);
    image.type = TL_NOTE_CONNECTOR;
    std::ranges::copy(std::string_view{TL_NOTE_OWNER}, image.owner);
    image.note = {
        TL_NOTE_FORMAT,
        TL_ABI_MAJOR,
        needed_minor<Class>(),
        state_schema<Class>(),
        Id - 1,
        Version - 1,
        Title - 1,
        Manifest - 1,
        kBuild.size(),
        0};
    char* place = image.text;
    for (const std::string_view part :
         {std::string_view{id, Id - 1},
          std::string_view{version, Version - 1},
          std::string_view{title, Title - 1},
          std::string_view{manifest, Manifest - 1},
          kBuild}) {
        place = std::ranges::copy(part, place).out;
    }
    return image;
}

}  // namespace trunkline::inline face::detail

/// Makes CLASS the connector of this library. ID is [a-z][a-z0-9_]{1,31} and equals the file name;
/// VERSION is semantic; MANIFEST is JSON (docs/connectors/reference/manifest.md). All four are
/// string literals or constexpr char arrays. Once per library, outside of any namespace.
#define TRUNKLINE_CONNECTOR(CLASS, ID, VERSION, TITLE, MANIFEST)                        \
    [[gnu::used,                                                                        \
      gnu::section(TL_NOTE_SECTION),                                                    \
      gnu::aligned(4)]] static constexpr auto trunkline_note =                          \
        ::trunkline::detail::note_of<CLASS>(ID, VERSION, TITLE, MANIFEST);              \
    extern "C" [[gnu::visibility("default")]] const tl_plugin* tl_connector_entry(      \
        std::uint32_t host_major, std::uint32_t host_minor                              \
    ) noexcept {                                                                        \
        static constexpr tl_plugin plugin =                                             \
            ::trunkline::detail::plugin_of<CLASS>(ID, VERSION, TITLE, MANIFEST);        \
        const bool fits = host_major == TL_ABI_MAJOR && host_minor >= plugin.abi_minor; \
        return fits ? &plugin : nullptr;                                                \
    }
