package import Names

/// One entry of `procedures`: a WAMP procedure and the function or statement behind it.
package struct ProcedureMapping: Sendable {
    /// The database role that runs the target.
    package enum Role: Sendable, Equatable {
        /// The sidecar's own.
        case session

        /// This one.
        case fixed(String)

        /// The one that belongs to the caller's authrole; callers with another one are denied.
        case byAuthrole([AuthroleRole])
    }

    /// The database role of an authrole.
    package struct AuthroleRole: Sendable, Equatable {
        /// The router's name of it; authroles that differ in their octets have different roles.
        package let authrole: String
        /// The database's name of it.
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

    /// The form of the function's result.
    package enum Results: String, Sendable, CaseIterable {
        case auto, value, row, rows, args, kwargs
    }

    /// The form of a bigint in JSON.
    package enum Bigint: String, Sendable, CaseIterable {
        case number, string
    }

    /// How much of a database error the caller learns.
    package enum Errors: String, Sendable, CaseIterable {
        case full, terse
    }

    /// The procedure's URI, or the pattern of URIs.
    package let uri: URI

    /// The place of the URI in the file.
    package let location: Location

    /// The target, and the place of its name.
    package let target: Located<ProcedureTarget>

    /// The router's match policy.
    package let match: MatchPolicy

    /// The router's invocation policy.
    package let invoke: InvocationPolicy

    /// The most calls of it that run at once; nil: all connections but one.
    package let concurrency: Int?

    /// Whether the router learns that number too (Crossbar.io, with `invoke: roundrobin`).
    package let announcesConcurrency: Bool

    /// Whether the router is asked to take the procedure from a session that still holds it.
    package let forceReregister: Bool

    /// Whether the router is asked to disclose callers.
    package let disclosesCaller: Bool

    /// How long the function may run.
    package let timeout: Duration

    /// The role that runs it.
    package let role: Role

    /// How arguments are bound.
    package let convention: Convention

    /// The form of the result.
    package let results: Results

    /// The most rows of a result; nil: any number.
    package let maxRows: Int?

    /// The greatest result, in octets of JSON.
    package let maxResultBytes: Int

    /// How bigints are written.
    package let bigint: Bigint

    /// How much of an error the caller learns.
    package let errors: Errors

    /// How often a call runs again after 40001 or 40P01.
    package let retries: Int
}
