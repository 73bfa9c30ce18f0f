package import Names

/// One entry of `procedures`: a WAMP procedure and the function or statement behind it.
package struct ProcedureMapping: Sendable {
    /// As which database role the target runs.
    package enum Role: Sendable, Equatable {
        /// As the sidecar's own.
        case session

        /// As this one.
        case fixed(String)

        /// As the one that belongs to the caller's authrole; callers with another one are denied.
        case byAuthrole([AuthroleRole])
    }

    /// The database role of an authrole.
    package struct AuthroleRole: Sendable, Equatable {
        /// The router's word; of two authroles that differ in their octets each has its own role.
        package let authrole: String
        /// The database's.
        package let role: String

        /// Takes the two.
        package init(authrole: String, role: String) {
            self.authrole = authrole
            self.role = role
        }
    }

    /// How a call's arguments become the function's.
    package enum Convention: String, Sendable, CaseIterable {
        case auto, raw, native
    }

    /// What the function's result becomes.
    package enum Results: String, Sendable, CaseIterable {
        case auto, value, row, rows, args, kwargs
    }

    /// How a bigint is written in JSON.
    package enum Bigint: String, Sendable, CaseIterable {
        case number, string
    }

    /// How much of a database error the caller is told.
    package enum Errors: String, Sendable, CaseIterable {
        case full, terse
    }

    /// The procedure's URI, or the pattern of URIs.
    package let uri: URI

    /// Where the URI stands in the file.
    package let location: Location

    /// What runs, and where it is named.
    package let target: Located<ProcedureTarget>

    /// How the router compares.
    package let match: MatchPolicy

    /// How the router chooses.
    package let invoke: InvocationPolicy

    /// How many calls of it may run at once; nil: all connections but one.
    package let concurrency: Int?

    /// Whether the router is told that number too (Crossbar.io, with `invoke: roundrobin`).
    package let announcesConcurrency: Bool

    /// Whether the router is asked to take the procedure away from a session that still holds it.
    package let forceReregister: Bool

    /// Whether the router is asked to say who calls.
    package let disclosesCaller: Bool

    /// How long the function may run.
    package let timeout: Duration

    /// As whom it runs.
    package let role: Role

    /// How arguments are bound.
    package let convention: Convention

    /// What the result becomes.
    package let results: Results

    /// The most rows of a result; nil: any number.
    package let maxRows: Int?

    /// The greatest result, in octets of JSON.
    package let maxResultBytes: Int

    /// How bigints are written.
    package let bigint: Bigint

    /// How much of an error is told.
    package let errors: Errors

    /// How often a call is run again after 40001 or 40P01.
    package let retries: Int
}
