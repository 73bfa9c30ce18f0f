internal import CLibpq

/// The libpq in this process.
package enum ClientLibrary {
    /// Its version, as PostgreSQL writes it, such as `17.6`.
    package static var version: String { self.text(Int(PQlibVersion())) }

    /// - Parameter number: two digits and more of the major version, four of the minor one.
    static func text(_ number: Int) -> String { "\(number / 10_000).\(number % 10_000)" }
}
