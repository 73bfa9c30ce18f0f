import SidecarConfiguration

/// Decides when the configuration is read again: when somebody asks for it, or when a file has changed and stays so.
///
/// Without a clock and a file system, so that the rule can be tested without them.
struct ReloadStateMachine {
    /// What is to be done next.
    enum Action: Equatable {
        case nothing
        /// Look at the files.
        case look
        /// The files differ from what was read: look again in a moment.
        case lookSoon
        /// Read the configuration.
        case read
    }

    private enum State {
        case idle
        /// With what they were at the last look, if they had changed.
        case looking(suspected: [WatchedFile]?, isAskedFor: Bool)
        case settling([WatchedFile])
        case reading(isAskedFor: Bool)
        case stopped
    }

    /// The files as they were when they were last read.
    private(set) var known: [WatchedFile]
    private var state = State.idle

    /// - Parameter known: the files as they were when they were read at the start.
    init(known: [WatchedFile]) {
        self.known = known
    }

    /// It is time to look whether a file has changed.
    mutating func timeToLook() -> Action {
        guard case .idle = self.state else { return .nothing }
        self.state = .looking(suspected: nil, isAskedFor: false)
        return .look
    }

    /// The moment after ``Action/lookSoon`` is over.
    mutating func timeToLookAgain() -> Action {
        guard case .settling(let files) = self.state else { return .nothing }
        self.state = .looking(suspected: files, isAskedFor: false)
        return .look
    }

    /// The files, as they are now.
    mutating func looked(_ files: [WatchedFile]) -> Action {
        guard case .looking(let suspected, let isAskedFor) = self.state else { return .nothing }
        guard !isAskedFor, files != suspected else { return self.read() }
        guard files != self.known else {
            self.state = .idle
            return .nothing
        }
        self.state = .settling(files)
        return .lookSoon
    }

    /// The configuration is to be read, changed or not.
    mutating func askedFor() -> Action {
        switch self.state {
        case .idle, .settling: return self.read()
        case .looking(let suspected, _): self.state = .looking(suspected: suspected, isAskedFor: true)
        case .reading: self.state = .reading(isAskedFor: true)
        case .stopped: break
        }
        return .nothing
    }

    /// The configuration was read, and used or refused. These are the files that were read, as they were before.
    mutating func wasRead(_ files: [WatchedFile]) -> Action {
        guard case .reading(let isAskedFor) = self.state else { return .nothing }
        self.known = files
        self.state = .idle
        return isAskedFor ? self.read() : .nothing
    }

    /// Whether ``stop()`` was called: what is read then is not used.
    var isStopped: Bool {
        switch self.state {
        case .stopped: true
        case .idle, .looking, .settling, .reading: false
        }
    }

    /// Nothing is read any more.
    mutating func stop() {
        self.state = .stopped
    }

    private mutating func read() -> Action {
        self.state = .reading(isAskedFor: false)
        return .read
    }
}
