import Glibc

/// Why a measurement can't continue. Printed unchanged; the program then ends with status 1.
struct LoadError: Error, CustomStringConvertible {
    /// One sentence for people.
    let description: String

    /// - Parameter description: one sentence for people.
    init(_ description: String) {
        self.description = description
    }

    /// The failure of a system call, with the text of the current `errno`.
    static func system(_ call: String) -> LoadError {
        LoadError("\(call): \(String(cString: strerror(errno)))")
    }
}
