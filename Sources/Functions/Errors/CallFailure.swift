import NIOCore
package import Names
package import Postgres
package import WAMP

/// The answer to an invocation that did not succeed: the ERROR's URI and payload.
package struct CallFailure: Error, Sendable, Equatable {
    /// The ERROR's URI.
    package let uri: URI
    /// The ERROR's arguments.
    package let payload: Payload

    /// The condition's SQLSTATE, if it has one.
    package let sqlstate: String?

    /// Takes URI and arguments as they are.
    package init(uri: URI, payload: Payload, sqlstate: String? = nil) {
        self.uri = uri
        self.payload = payload
        self.sqlstate = sqlstate
    }

    /// A failure of the sidecar itself: one message, and the SQLSTATE if there is one for it.
    package init(_ uri: URI, _ message: String, sqlstate: String? = nil) {
        self.init(uri: uri, payload: CallFailure.payload(message, fields: [("sqlstate", sqlstate)]), sqlstate: sqlstate)
    }

    /// Arguments that can't be bound. With terse errors the caller doesn't learn the function's types.
    package init(_ error: BindingError, disclosure: Disclosure = .full) {
        switch disclosure {
        case .full: self.init(error.uri, error.message)
        case .terse: self.init(error.uri, error.finding)
        }
    }

    /// A function that can't be called: missing, ambiguous, not allowed. The remedy is not for callers.
    package init(_ fault: FunctionFault, disclosure: Disclosure = .full) {
        self.init(sqlstate: fault.sqlstate, finding: fault.finding, disclosure: disclosure)
    }

    /// The same, as SQLSTATE and a sentence.
    package init(sqlstate: String, finding: String, disclosure: Disclosure) {
        let uri = CallFailure.uri(sqlstate: sqlstate, cancellation: nil)
        switch disclosure {
        case .full: self.init(uri, finding, sqlstate: sqlstate)
        case .terse: self.init(uri, "the procedure can't be called: \(Audience.words(sqlstate))", sqlstate: sqlstate)
        }
    }

    /// A result that can't be sent, because it does not have the shape of the mapping.
    package init(_ fault: ResultFault) {
        self.init(WAMPError.runtimeError, fault.message)
    }

    /// How much of an error a caller learns: the mapping's `errors`.
    package enum Disclosure: String, Sendable, CaseIterable {
        case full, terse
    }

    /// Why the sidecar canceled a statement.
    package enum Cancellation: Sendable {
        /// The caller's (INTERRUPT).
        case interrupt
        /// The call's deadline.
        case deadline
    }

    /// An error that the server reported.
    ///
    /// - Parameters:
    ///   - error: the error, with its fields.
    ///   - disclosure: how much of it the caller learns. An error that a function raises as WA000, or with its own
    ///     condition, is meant for the caller.
    ///   - role: the role that ran the function.
    ///   - cancellation: why the call was canceled, if it was; it decides the meaning of SQLSTATE 57014.
    ///   - plan: the plan of a native call, whose signature is in the message of a value that can't be converted.
    package init(
        _ error: DatabaseError, disclosure: Disclosure = .full, cancellation: Cancellation? = nil,
        plan: ProcedurePlan? = nil, role: String? = nil
    ) {
        if error.sqlstate == RaisedError.sqlstate {
            self = RaisedError.failure(error)
            return
        }
        if let plan, DefinitionChange.isGuard(error, in: plan) {
            let what = disclosure == .full ? plan.signature : "the function"
            self.init(WAMPError.unavailable, "\(what) was replaced, and has not run; call again")
            return
        }
        var message: String
        var fields: [(String, String?)] = [("sqlstate", error.sqlstate)]
        switch disclosure {
        case .terse:
            message = Audience.isFunctionsOwn(error.sqlstate) ? error.message : Audience.words(error.sqlstate)
        case .full:
            message = error.message
            if let signature = plan?.signature(concerning: error) { message += "; " + signature }
            fields += [
                ("detail", error.detail), ("hint", Audience.isHintForCaller(error) ? error.hint : nil),
                ("constraint", error.constraint), ("table", error.table), ("column", error.column),
                ("role", error.sqlstate == CallFailure.notAllowed ? role : nil),
            ]
        }
        self.init(
            uri: CallFailure.uri(sqlstate: error.sqlstate, cancellation: cancellation),
            payload: CallFailure.payload(message, fields: fields), sqlstate: error.sqlstate)
    }

    /// The SQLSTATE of a missing right.
    static let notAllowed = "42501"

    /// The only table from SQLSTATE to error URI.
    package static func uri(sqlstate: String, cancellation: Cancellation?) -> URI {
        switch sqlstate {
        case "42501": return WAMPError.notAuthorized
        case "23502", "23514": return WAMPError.invalidArgument
        case "57014":
            switch cancellation {
            case .deadline: return WAMPError.timeout
            case .interrupt, nil: return WAMPError.canceled
            }
        default: break
        }
        if sqlstate.hasPrefix("22") { return WAMPError.invalidArgument }
        if sqlstate.hasPrefix("08") || sqlstate.hasPrefix("53") || sqlstate.hasPrefix("57P") {
            return WAMPError.unavailable
        }
        let condition = ConditionName.of(sqlstate) ?? "sqlstate_\(sqlstate.lowercased())"
        // A SQLSTATE is five letters and digits; only a server that is not PostgreSQL could send another one.
        return (try? URI("postgresql.error.\(condition)")) ?? WAMPError.runtimeError
    }

    /// `[message]` and `{"field": ".."}` with the fields that exist.
    package static func payload(_ message: String, fields: [(String, String?)]) -> Payload {
        var arguments = ByteBuffer()
        arguments.writeStaticString("[")
        JSON.write(string: message, into: &arguments)
        arguments.writeStaticString("]")
        var keywordArguments = ByteBuffer()
        for (name, value) in fields {
            guard let value else { continue }
            keywordArguments.writeStaticString(keywordArguments.readableBytes == 0 ? "{" : ",")
            JSON.write(string: name, into: &keywordArguments)
            keywordArguments.writeStaticString(":")
            JSON.write(string: value, into: &keywordArguments)
        }
        guard keywordArguments.readableBytes > 0 else { return Payload(arguments: arguments) }
        keywordArguments.writeStaticString("}")
        return Payload(arguments: arguments, keywordArguments: keywordArguments)
    }
}
