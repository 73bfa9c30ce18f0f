internal import CLibpq
import Glibc

/// The settings whose changes the server reports by itself, as they were at one time.
///
/// A function that changes one for good is found out by comparing, without asking the server.
struct ReportedSettings {
    /// What changes the meaning of values, and of what else is sent and received.
    private static let names: [StaticString] = [
        "client_encoding", "standard_conforming_strings", "TimeZone", "DateStyle", "IntervalStyle",
        "default_transaction_read_only", "session_authorization",
    ]

    private let values: [ContiguousArray<CChar>]

    /// As they are now.
    init(of handle: ConnectionHandle) {
        self.values = Self.names.map { name in
            guard let value = unsafe Self.value(of: name, handle) else { return [0] }
            return unsafe ContiguousArray(UnsafeBufferPointer(start: value, count: strlen(value) + 1))
        }
    }

    /// Whether they are still the same.
    func isEqual(to handle: ConnectionHandle) -> Bool {
        for (name, before) in zip(Self.names, self.values) {
            let isSame = unsafe before.withUnsafeBufferPointer { before in
                guard let start = before.baseAddress else { return false }
                guard let now = unsafe Self.value(of: name, handle) else { return before.count == 1 }
                return unsafe strcmp(start, now) == 0
            }
            guard isSame else { return false }
        }
        return true
    }

    private static func value(of name: StaticString, _ handle: ConnectionHandle) -> UnsafePointer<CChar>? {
        unsafe name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) {
            unsafe PQparameterStatus(handle.pointer, $0)
        }
    }
}
