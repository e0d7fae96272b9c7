#include "host/tasks/remote_instance.hpp"

#include "host/isolation/children.hpp"
#include "host/tasks/input.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::tasks {
namespace {

constexpr int kDeathsMax = 3;                       // of one attempt to make it
constexpr std::chrono::milliseconds kAgain{5'000};  // when it cannot be made again

}  // namespace

RemoteInstance::RemoteInstance(
    std::shared_ptr<plugins::Generation> generation,
    const Setup& setup,
    const tl_random& random,
    const Services& services
)
    : Instance{std::move(generation)},
      setup_{setup},
      services_{services},
      host_{generation_->host_for(services.loop_index), setup, random},
      keeper_{services.children->keeper(
          generation_, {services.loop, services.pool, services.loop_index}
      )},
      number_{keeper_->admit(*this)} {}

RemoteInstance::~RemoteInstance() {
    keeper_->dismiss(number_);
    if (life() != 0) keeper_->tell(frames::encode(frames::Destroy{number_}));
}

async::Awaitable<Result<std::shared_ptr<RemoteInstance>>> RemoteInstance::make(
    const std::shared_ptr<plugins::Generation>& generation,
    const Setup& setup,
    const Saved& saved,
    const tl_random& random,
    const Services& services
) {
    if (services.children == nullptr)
        co_return Error{Fault::unavailable, generation->label() + " needs a child process"};
    std::shared_ptr<RemoteInstance> instance{
        new RemoteInstance{generation, setup, random, services}};
    auto exists = co_await instance->exist(false, saved);
    instance->host_.keeping_ = false;
    if (!exists) co_return exists.error();
    co_return instance;
}

std::uint64_t RemoteInstance::life() const noexcept {
    return made_in_ == keeper_->life() ? made_in_ : 0;
}

async::Awaitable<Result<void>> RemoteInstance::ready(bool patient) {
    if (life() != 0) co_return Result<void>{};
    const Saved nothing;
    auto exists = co_await exist(patient, nothing);
    if (!exists && exists.error().fault != Fault::cancelled) {
        // It existed before: what is wrong now may pass, and is no fault of the task's.
        Error error = exists.error();
        error.fault = Fault::unavailable;
        if (error.pause.count() == 0) error.pause = kAgain;
        co_return error;
    }
    co_return exists;
}

void RemoteInstance::give_up() {
    given_up_ = true;
    keeper_->wake();
}

async::Awaitable<Result<void>> RemoteInstance::exist(bool patient, const Saved& saved) {
    for (int deaths = 0; deaths < kDeathsMax; ++deaths) {
        const auto child = co_await keeper_->alive(patient, given_up_);
        if (!child) co_return child.error();
        auto made = co_await create(*child, saved);
        if (made) co_return *std::move(made);
    }
    co_return Error{
        Fault::unavailable,
        generation_->label() + " died " + std::to_string(kDeathsMax) +
            " times while making account " + setup_.account.text()};
}

async::Awaitable<std::optional<Result<void>>> RemoteInstance::create(
    std::uint64_t life, const Saved& saved
) {
    frames::Create create;
    create.call = keeper_->next_call();
    create.instance = number_;
    create.scope = setup_.scope;
    create.allow_private = setup_.allow_private;
    create.connector = setup_.connector.text();
    create.account = setup_.account.text();
    create.name = setup_.name.empty() ? setup_.account.text() : setup_.name;
    create.connector_json = setup_.connector_json;
    create.settings_json = setup_.settings_json;
    create.hook_url = setup_.hook_url;
    create.state = saved.state;
    create.state_schema = saved.schema;
    std::string frame = frames::encode(create);
    const auto answer = co_await keeper_->ask(create.call, std::move(frame));
    if (!answer.frame) co_return std::nullopt;
    frames::Created created;
    if (!frames::decode(*answer.frame, created)) co_return std::nullopt;
    const tl_code code = plugins::code_of(created.code);
    if (code == TL_OK) {
        made_in_ = life;
        co_return Result<void>{};
    }
    const std::string said = created.escaped.empty()
                                 ? host_.last_line()
                                 : "it threw: " + std::string{created.escaped.substr(0, 200)};
    co_return Result<void>{refusal(*generation_, setup_, code, said)};
}

std::string RemoteInstance::frame_of(
    std::uint64_t call, std::span<const tl_input> inputs, std::span<const Collector::Slot> slots
) const {
    frames::HandleWriter frame{call, number_, static_cast<std::uint32_t>(inputs.size())};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        frames::Given given;
        given.input = inputs[i];
        if (i < slots.size()) {
            const Collector::Slot& slot = slots[i];
            given.last_step = slot.asked.last_step;
            given.answered = slot.asked.answered;
            given.sourced = slot.asked.sourced;
            given.named = !slot.task->durable_key.empty();
            given.first_kind = slot.task->first_kind;
            given.first_key = slot.task->first_key;
            given.seed = slot.task->seed;
            given.journal_bytes = slot.journal_bytes;
        }
        frame.add(given);
    }
    return frame.take();
}

async::Awaitable<isolation::Keeper::Answer> RemoteInstance::handle(
    std::span<const tl_input> inputs, std::span<const Collector::Slot> slots
) {
    if (life() == 0) co_return isolation::Keeper::Answer{};
    const std::uint64_t call = keeper_->next_call();
    std::string frame = frame_of(call, inputs, slots);
    auto answer = co_await keeper_->ask(call, std::move(frame));
    co_return answer;
}

void RemoteInstance::cancel(const tl_input& input) {
    if (life() == 0) return;
    const std::uint64_t call = keeper_->next_call();
    keeper_->ask_blindly(call, frame_of(call, {&input, 1}, {}));
}

async::Awaitable<Saved> RemoteInstance::save() {
    if (life() == 0) co_return Saved{};
    const std::uint64_t call = keeper_->next_call();
    std::string frame = frames::encode(frames::Save{call, number_});
    const auto answer = co_await keeper_->ask(call, std::move(frame));
    frames::Saved saved;
    if (!answer.frame || !frames::decode(*answer.frame, saved)) co_return Saved{};
    co_return Saved{std::string{saved.state}, saved.schema};
}

void RemoteInstance::said(std::int32_t level, std::string_view text) {
    const tl_host& host = host_.table();
    host.log(host.ctx, level, lend(text));
}

bool RemoteInstance::has_file(const std::string& file) {
    return services_.file && services_.file(file) != nullptr;
}

}  // namespace trunkline::tasks
