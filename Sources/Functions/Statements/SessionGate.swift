import NIOCore
package import Postgres

/// The check of a call's statement before it runs anything: whether its session is clean. See
/// ``Postgres/CleanSession``.
///
/// The identity is the object: statements made for one gate are not used for another.
package final class SessionGate: Sendable {
    /// The caller's settings are values of the statement, behind those of the function.
    package let setsCaller: Bool
    private let conditions: [String]

    /// - Parameters:
    ///   - isTimed: the deadline has been set ahead of the statement.
    ///   - setsCaller: the statement sets the caller, for its transaction.
    package init(_ session: CleanSession, isTimed: Bool, setsCaller: Bool) {
        self.setsCaller = setsCaller
        self.conditions = session.conditions(isTimed: isTimed, isCallerSet: setsCaller)
    }

    /// The condition of a statement without FROM: the server evaluates it first, and returns no row if it does not
    /// hold.
    ///
    /// - Parameter count: the number of the function's values.
    package func condition(behind count: Int) -> String {
        self.all(count).joined(separator: " and ")
    }

    /// The condition of any other statement: an error if it does not hold.
    ///
    /// - Parameter count: the number of the function's values.
    package func raisingCondition(behind count: Int) -> String {
        CleanSession.raising(self.all(count))
    }

    private func all(_ count: Int) -> [String] {
        guard self.setsCaller else { return self.conditions }
        return self.conditions
            + CleanSession.callerSettings.enumerated().map { index, name in
                "pg_catalog.set_config('\(name)', $\(count + index + 1), true) is not null"
            }
    }
}

/// The gate of one call, and the values that it sets.
package struct CallGate {
    /// Nil if everything is set ahead of the statement.
    package let gate: SessionGate?
    private let caller: Caller
    private let procedure: String

    /// All settings are made ahead of the statement.
    package static let none = CallGate(gate: nil, caller: .undisclosed, procedure: "")

    /// Takes a gate with its settings.
    ///
    /// - Parameter procedure: its URI, if the router does not report it.
    package init(gate: SessionGate?, caller: Caller, procedure: String) {
        self.gate = gate
        self.caller = caller
        self.procedure = procedure
    }

    /// Appends the values of ``Postgres/CleanSession/callerSettings``, in their order, behind those of the function.
    func append(to parameters: inout Parameters) {
        guard self.gate?.setsCaller == true else { return }
        parameters.append(orEmpty: self.caller.session)
        parameters.append(orEmpty: self.caller.authid)
        parameters.append(orEmpty: self.caller.authrole)
        if let procedure = self.caller.procedure {
            parameters.append(procedure)
        } else {
            parameters.append(self.procedure)
        }
    }
}

extension Parameters {
    /// Appends a text, or an empty one.
    mutating func append(orEmpty text: ByteBuffer?) {
        if let text { self.append(text) } else { self.append("" as StaticString) }
    }
}
