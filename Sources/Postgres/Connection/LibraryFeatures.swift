internal import CLibpq
import Glibc

/// What the libpq that is present at run time has beyond the one that it was compiled against.
enum LibraryFeatures {
    typealias SendPipelineSync = @convention(c) (OpaquePointer?) -> Int32

    /// `PQsendPipelineSync` of PostgreSQL 17 and later: a Sync without a flush, so that a turn of the loop costs one
    /// system call.
    static let sendPipelineSync: SendPipelineSync? = {
        guard let symbol = unsafe dlsym(nil, "PQsendPipelineSync") else { return nil }
        return unsafe unsafeBitCast(symbol, to: SendPipelineSync.self)
    }()

    /// Whether what is sent waits for ``Connection/flush()``.
    static let canSendWithoutFlush = unsafe sendPipelineSync != nil
}
