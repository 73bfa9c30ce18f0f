import NIOCore

/// For how long events have waited while none of them left the outbox.
struct Movement: Equatable {
    private enum State: Equatable {
        case nothingWaits
        case waits(since: NIODeadline)
    }

    private var state = State.nothingWaits

    /// Since when; nil: nothing waits.
    var waitingSince: NIODeadline? {
        switch self.state {
        case .nothingWaits: nil
        case .waits(let since): since
        }
    }

    /// An event has left: the others wait from now on.
    mutating func moved(at now: NIODeadline) {
        self.state = .waits(since: now)
    }

    /// Looked at once in a while: whether something waits.
    mutating func noted(isWaiting: Bool, at now: NIODeadline) {
        switch (self.state, isWaiting) {
        case (_, false): self.state = .nothingWaits
        case (.nothingWaits, true): self.state = .waits(since: now)
        case (.waits, true): break
        }
    }
}
