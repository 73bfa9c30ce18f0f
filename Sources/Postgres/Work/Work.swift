package import NIOCore

/// One unit of work for the database: a statement with its values, run in its own transaction.
///
/// Confined to the event loop. Whoever submits it keeps it only to interrupt it; the pool ends it exactly once, by
/// ``WorkHandler/ended(_:outcome:)``.
package final class Work {
    /// What is sent.
    package enum Command {
        /// A prepared statement; a connection that does not have it yet prepares it on the way.
        case prepared(Statement, Parameters)
        /// A statement that is run once, without a name.
        case text(String, Parameters)
        /// Not run: the server is asked what the statement's parameters and columns are. See
        /// ``WorkHandler/described(_:of:)``.
        case describe(String)
    }

    /// How its statement tells that it has not run, because the session was not clean; see ``CleanSession``.
    package enum Gate {
        /// It does not look.
        case none
        /// By returning no row, where there is one otherwise.
        case noRow
        /// By an error of its own.
        case error
    }

    /// Where it is on its way. Kept by the pool.
    enum State {
        case new
        case waiting
        /// To the connection that its owner has in this slot.
        case sent(slot: Int, at: NIODeadline)
        case ended
    }

    /// The procedure (or other source of work) that it counts for.
    package let lane: LaneID
    /// Run ahead of `command` in the same transaction: the settings of this call. Its rows are not handed over.
    package let prelude: (Statement, Parameters)?
    package let command: Command
    /// Rows are handed over one by one as they come, in constant memory.
    package let isSet: Bool
    /// Its rows are passed on as they come, so it may last as long as somebody reads: it has its connection to itself.
    /// Only of a set.
    package let isStream: Bool
    /// It may be run again if the server canceled it without having been asked to. Not true of CALL, which can commit
    /// in between.
    package let isRepeatable: Bool
    /// `begin` and `commit` are sent around it, so that a CALL with a prelude is one transaction.
    package let isExplicitTransaction: Bool
    /// What it leaves behind in its session (settings, prepared statements, temporary objects) must reach nobody:
    /// nothing follows it, and the connection is closed after it.
    package let isDisposable: Bool
    /// The deadline that the server was given for it.
    package let timeout: TimeAmount
    /// When it is given up if it has not been sent by then.
    package let expires: NIODeadline

    /// Exclusive is where a failed transaction would reach what follows, and what can't be run again: a cancel meant
    /// for what is ahead could hit it.
    var claim: Claim {
        if self.isStream { return .stream }
        let isAlone =
            self.isExplicitTransaction || !self.isRepeatable || self.isDisposable || self.needsCleanSession
        return isAlone ? .exclusive : .shared
    }

    /// The most that its answer, a row or an error, may have at once.
    package let mostOctets: Int
    /// The same where nobody says how much.
    package static let usualMostOctets = 48 << 20

    package let gate: Gate
    /// It is sent only when its connection is idle and has been put in order: it does not look by itself, or has found
    /// too often that the session was not clean.
    package internal(set) var needsCleanSession: Bool
    /// A statement that sets what it needs for the whole session, in its own transaction between the cleaning and
    /// the command; the session is cleaned again after it. For CALL, which may end its transaction, and with it all
    /// that is set for that alone.
    package let settings: String?

    let handler: any WorkHandler
    var state = State.new
    /// How often it was run again, and whether it may be once more.
    var attempts = Attempts()
    /// How long the server ran it; known of work that was sent over a lease, when it has ended.
    package internal(set) var ran = TimeAmount.zero
    var isInterrupted = false
    /// Since when it waits for its first connection; nil if it found one at once, or has had one.
    var waitingSince: NIODeadline?
    /// Rows of it have left the sidecar: it is not run again, or they would come twice.
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
