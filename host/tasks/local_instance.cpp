#include "host/tasks/local_instance.hpp"

#include "host/tasks/input.hpp"

namespace trunkline::tasks {
namespace {

/// One connector's [control] calls may not overlap, and its instances live on many loops.
std::mutex& control_mutex() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

LocalInstance::LocalInstance(
    std::shared_ptr<plugins::Generation> generation,
    const Setup& setup,
    const tl_random& random,
    std::size_t loop
)
    : Instance{std::move(generation)}, host_{generation_->host_for(loop), setup, random} {}

Result<std::shared_ptr<LocalInstance>> LocalInstance::make(
    std::shared_ptr<plugins::Generation> generation,
    const Setup& setup,
    const Saved& saved,
    const tl_random& random,
    std::size_t loop
) {
    std::shared_ptr<LocalInstance> instance{
        new LocalInstance{std::move(generation), setup, random, loop}};
    tl_setup given{};
    given.size = sizeof(tl_setup);
    given.scope = setup.scope;
    given.name = lend(setup.name.empty() ? setup.account.text() : setup.name);
    given.connector_json = lend(setup.connector_json);
    given.settings_json = lend(setup.settings_json);
    given.hook_url = lend(setup.hook_url);
    given.state = lend(saved.state);
    given.state_schema = saved.schema;

    tl_status (*create)(const tl_host*, const tl_setup*, tl_instance**) =
        instance->generation_->table().create;
    const auto called = [&] {
        const std::lock_guard lock{control_mutex()};
        return plugins::guarded(create, &instance->host_.table(), &given, &instance->object_);
    }();
    instance->host_.keeping_ = false;
    tl_code code = plugins::code_of(called.value);
    if (!called.escaped.empty() || (code == TL_OK && instance->object_ == nullptr))
        code = TL_E_INTERNAL;
    if (code == TL_OK) return instance;

    instance->object_ = nullptr;  // set only with TL_OK; whatever it is, it is not ours to destroy
    const std::string said = called.escaped.empty()
                                 ? instance->host_.last_line()
                                 : "it threw: " + instance->redact(called.escaped);
    return refusal(*instance->generation_, setup, code, said);
}

LocalInstance::~LocalInstance() {
    if (object_ == nullptr) return;
    void (*destroy)(tl_instance*) = generation_->table().destroy;
    const std::lock_guard lock{control_mutex()};
    if (!plugins::guarded_void(destroy, object_)) {
        spdlog::error("tasks.escaped connector={} call=destroy", generation_->label());
    }
}

Handled LocalInstance::handle(
    const tl_input* inputs, std::uint32_t count, std::uint32_t* done, const tl_effects& effects
) noexcept {
    tl_status (*function
    )(tl_instance*, const tl_input*, std::uint32_t, std::uint32_t*, const tl_effects*) =
        generation_->table().handle;
    const auto started = std::chrono::steady_clock::now();
    auto called = plugins::guarded(function, object_, inputs, count, done, &effects);
    Handled handled;
    handled.took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - started
    );
    handled.code = called.escaped.empty() ? plugins::code_of(called.value) : TL_E_INTERNAL;
    handled.escaped = std::move(called.escaped);
    handled.done = *done;
    doubt(handled, count);
    return handled;
}

Saved LocalInstance::save() const {
    const auto& table = generation_->table();
    if (!TL_HAS(&table, tl_plugin, save)) return {};
    struct Taken {
        std::string state;
        int calls = 0;
        bool refused = false;
    } taken;
    const auto sink = [](void* context, tl_view state) {
        auto& into = *static_cast<Taken*>(context);
        ++into.calls;
        if (into.calls > 1 || state.size > TL_MAX_VALUE ||
            (state.data == nullptr && state.size > 0)) {
            into.refused = true;
            return;
        }
        into.state = text_of(state);
    };
    tl_status (*function)(tl_instance*, void*, void (*)(void*, tl_view)) = table.save;
    const auto called = [&] {
        const std::lock_guard lock{control_mutex()};
        return plugins::guarded(function, object_, static_cast<void*>(&taken), +sink);
    }();
    // Caches are a convenience: without them the next instance starts cold.
    if (!called.escaped.empty() || called.value != TL_OK || taken.refused) return {};
    return {std::move(taken.state), table.state_schema};
}

}  // namespace trunkline::tasks
