internal import CLibpq
import Glibc

/// The features of the libpq at run time that the libpq at compile time lacks.
enum LibraryFeatures {
    typealias SendPipelineSync = @convention(c) (OpaquePointer?) -> Int32

    /// `PQsendPipelineSync` of PostgreSQL 17 and later: a Sync without a flush, so that a turn of the loop costs one
    /// system call.
    static let sendPipelineSync: SendPipelineSync? = {
        guard let symbol = unsafe dlsym(nil, "PQsendPipelineSync") else { return nil }
        return unsafe unsafeBitCast(symbol, to: SendPipelineSync.self)
    }()

    /// Whether segments are sent only by ``Connection/flush()``.
    static let canSendWithoutFlush = unsafe sendPipelineSync != nil
}
