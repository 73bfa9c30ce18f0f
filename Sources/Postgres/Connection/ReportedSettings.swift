internal import CLibpq
import Glibc

/// The settings whose changes the server reports by itself, at one time.
///
/// A comparison shows that a function has changed one for the session, without a question to the server.
struct ReportedSettings {
    /// The settings that change the meaning of values and messages, besides the encoding, which libpq knows by heart.
    private static let names: [StaticString] = [
        "standard_conforming_strings", "TimeZone", "DateStyle", "IntervalStyle",
        "default_transaction_read_only", "session_authorization",
    ]

    private let encoding: Int32
    private let values: [ContiguousArray<CChar>]

    /// The settings now.
    init(of handle: ConnectionHandle) {
        self.encoding = unsafe PQclientEncoding(handle.pointer)
        self.values = Self.names.map { name in
            guard let value = unsafe Self.value(of: name, handle) else { return [0] }
            return unsafe ContiguousArray(UnsafeBufferPointer(start: value, count: strlen(value) + 1))
        }
    }

    /// Whether they have not changed.
    func isEqual(to handle: ConnectionHandle) -> Bool {
        guard unsafe self.encoding == PQclientEncoding(handle.pointer) else { return false }
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
