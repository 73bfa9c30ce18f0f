import Postgres

/// How a scan of the outbox ended.
enum ScanOutcome: Equatable {
    /// With so many rows, and the id of the last one; nil if there was none.
    case read(rows: Int, last: Int64?)
    /// Another session has locked the table.
    case locked(String)
    case failed(String)
    /// With the session.
    case lost

    private static let lockNotAvailable = "55P03"

    init(_ outcome: WorkOutcome, rows: Int, last: Int64?) {
        switch outcome {
        case .committed: self = .read(rows: rows, last: last)
        case .failed(let error) where error.sqlstate == Self.lockNotAvailable: self = .locked(error.message)
        case .failed(let error): self = .failed(error.description)
        case .canceled, .timedOut, .refused, .unknown: self = .lost
        }
    }
}
