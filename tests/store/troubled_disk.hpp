#pragma once

#include <memory>
#include <string>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace trunkline::store {

/// What a disk is asked to do by the store's tables and its journal.
enum class Deed {
    make,        ///< a new file
    append,      ///< at a file's end
    place,       ///< over what is there
    sync,        ///< of a file that was appended to
    sync_places  ///< of one that was written over
};

/// Decides what goes wrong. Asked from every thread that writes.
class DiskTrouble {
public:
    virtual ~DiskTrouble() = default;
    /// Not OK: it is not done, and this is the answer.
    virtual rocksdb::IOStatus before(Deed) { return rocksdb::IOStatus::OK(); }
    /// It was done; not OK: this is the answer all the same.
    virtual rocksdb::IOStatus after(Deed) { return rocksdb::IOStatus::OK(); }

    template <class Act>
    rocksdb::IOStatus meet(Deed deed, Act&& act) {
        auto status = before(deed);
        if (status.ok()) status = std::forward<Act>(act)();
        if (status.ok()) status = after(deed);
        return status;
    }
};

class TroubledFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    TroubledFile(std::unique_ptr<rocksdb::FSWritableFile> file, DiskTrouble& trouble)
        : FSWritableFileOwnerWrapper{std::move(file)}, trouble_{trouble} {}

    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(
        const rocksdb::Slice& data,
        const rocksdb::IOOptions& options,
        rocksdb::IODebugContext* context
    ) override {
        return trouble_.meet(Deed::append, [&] {
            return FSWritableFileOwnerWrapper::Append(data, options, context);
        });
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context)
        override {
        return trouble_.meet(Deed::sync, [&] {
            return FSWritableFileOwnerWrapper::Sync(options, context);
        });
    }

private:
    DiskTrouble& trouble_;
};

class TroubledPlaces final : public rocksdb::FSRandomRWFileOwnerWrapper {
public:
    TroubledPlaces(std::unique_ptr<rocksdb::FSRandomRWFile> file, DiskTrouble& trouble)
        : FSRandomRWFileOwnerWrapper{std::move(file)}, trouble_{trouble} {}

    rocksdb::IOStatus Write(
        std::uint64_t offset,
        const rocksdb::Slice& data,
        const rocksdb::IOOptions& options,
        rocksdb::IODebugContext* context
    ) override {
        return trouble_.meet(Deed::place, [&] {
            return FSRandomRWFileOwnerWrapper::Write(offset, data, options, context);
        });
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context)
        override {
        return trouble_.meet(Deed::sync_places, [&] {
            return FSRandomRWFileOwnerWrapper::Sync(options, context);
        });
    }

private:
    DiskTrouble& trouble_;
};

/// The machine's file system with a trouble between it and the store. The trouble outlives it.
class TroubledFileSystem final : public rocksdb::FileSystemWrapper {
public:
    explicit TroubledFileSystem(DiskTrouble& trouble)
        : FileSystemWrapper{rocksdb::FileSystem::Default()}, trouble_{trouble} {}

    const char* Name() const override { return "TroubledFileSystem"; }
    rocksdb::IOStatus NewWritableFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* result,
        rocksdb::IODebugContext* context
    ) override {
        auto status = trouble_.meet(Deed::make, [&] {
            return FileSystemWrapper::NewWritableFile(name, options, result, context);
        });
        if (status.ok()) *result = std::make_unique<TroubledFile>(std::move(*result), trouble_);
        return status;
    }
    rocksdb::IOStatus NewRandomRWFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSRandomRWFile>* result,
        rocksdb::IODebugContext* context
    ) override {
        auto status = FileSystemWrapper::NewRandomRWFile(name, options, result, context);
        if (status.ok()) *result = std::make_unique<TroubledPlaces>(std::move(*result), trouble_);
        return status;
    }

private:
    DiskTrouble& trouble_;
};

inline std::unique_ptr<rocksdb::Env> env_with(DiskTrouble& trouble) {
    return rocksdb::NewCompositeEnv(std::make_shared<TroubledFileSystem>(trouble));
}

}  // namespace trunkline::store
