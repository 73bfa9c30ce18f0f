package import NIOCore

/// One unit of work for the database: a statement with its values, run in its own transaction.
///
/// Confined to the event loop. Its submitter keeps it only to interrupt it; the pool ends it exactly once, by
/// ``WorkHandler/ended(_:outcome:)``.
package final class Work {
    /// The command.
    package enum Command {
        /// A prepared statement; a connection that does not have it yet prepares it on the way.
        case prepared(Statement, Parameters)
        /// A statement that runs once, without a name.
        case text(String, Parameters)
        /// Nothing runs: the server describes the statement's parameters and columns. See
        /// ``WorkHandler/described(_:of:)``.
        case describe(String)
    }

    /// How its statement shows that it has not run, because the session was not clean; see ``CleanSession``.
    package enum Gate {
        /// It does not check.
        case none
        /// By returning no row, where there is one otherwise.
        case noRow
        /// By its own error.
        case error
    }

    /// Its state. Kept by the pool.
    enum State {
        case new
        case waiting
        /// To the connection that its owner has in this slot.
        case sent(slot: Int, at: NIODeadline)
        case ended
    }

    /// The procedure (or other source of work) that it counts for.
    package let lane: LaneID
    /// Runs ahead of `command` in the same transaction: the settings of this call. Its rows are not handed over.
    package let prelude: (Statement, Parameters)?
    package let command: Command
    /// Rows are handed over one by one as they come, in constant memory.
    package let isSet: Bool
    /// Its rows are passed on as they come, so it lasts as long as its reader takes: it has its connection to itself.
    /// Only for a set.
    package let isStream: Bool
    /// It may run again if the server canceled it without a request. False for CALL, which can commit in between.
    package let isRepeatable: Bool
    /// `begin` and `commit` are sent around it, so that a CALL with a prelude is one transaction.
    package let isExplicitTransaction: Bool
    /// The state that it leaves behind in its session (settings, prepared statements, temporary objects) must not reach
    /// other work: nothing follows it, and the connection is closed after it.
    package let isDisposable: Bool
    /// The deadline that the server has for it.
    package let timeout: TimeAmount
    /// When it is given up if it has not been sent.
    package let expires: NIODeadline

    /// Exclusive if a failed transaction would affect the work behind it, or if it can't run again: a cancel meant for
    /// the work ahead could hit it.
    var claim: Claim {
        if self.isStream { return .stream }
        let isAlone =
            self.isExplicitTransaction || !self.isRepeatable || self.isDisposable || self.needsCleanSession
        return isAlone ? .exclusive : .shared
    }

    /// The largest row or error that its answer may contain.
    package let mostOctets: Int
    /// The default of that limit.
    package static let usualMostOctets = 48 << 20

    package let gate: Gate
    /// It is sent only when its connection is idle and has been put in order: it does not check by itself, or has found
    /// too often that the session was not clean.
    package internal(set) var needsCleanSession: Bool
    /// A statement that makes its settings for the whole session, in its own transaction between the cleaning and the
    /// command; the session is cleaned again after it. For CALL, which may end its transaction, and with it all
    /// settings made for the transaction alone.
    package let settings: String?

    let handler: any WorkHandler
    var state = State.new
    /// How often it has run again, and whether it may once more.
    var attempts = Attempts()
    /// How long the server ran it; known for work sent over a lease, when it has ended.
    package internal(set) var ran = TimeAmount.zero
    var isInterrupted = false
    /// Since when it waits for its first connection; nil if it found one at once, or has had one.
    var waitingSince: NIODeadline?
    /// Rows of it have left the sidecar: it does not run again, or they would come twice.
    package var isPassedOn = false

    /// When it was sent; nil if it was not, or has ended.
    package var sentAt: NIODeadline? {
        if case .sent(_, let at) = self.state { at } else { nil }
    }

    package init(
        lane: LaneID,
        command: Command,
        prelude: (Statement, Parameters)? = nil,
        isSet: Bool = false,
        isStream: Bool = false,
        isRepeatable: Bool = true,
        isExplicitTransaction: Bool = false,
        isDisposable: Bool = false,
        gate: Gate = .none,
        mostOctets: Int = Work.usualMostOctets,
        needsCleanSession: Bool = false,
        settings: String? = nil,
        timeout: TimeAmount,
        expires: NIODeadline,
        handler: any WorkHandler
    ) {
        self.lane = lane
        self.command = command
        self.prelude = prelude
        self.isSet = isSet
        self.isStream = isStream
        self.isRepeatable = isRepeatable
        self.isExplicitTransaction = isExplicitTransaction
        self.isDisposable = isDisposable
        self.gate = gate
        self.mostOctets = mostOctets
        self.needsCleanSession = needsCleanSession || settings != nil
        self.settings = settings
        self.timeout = timeout
        self.expires = expires
        self.handler = handler
    }
}
