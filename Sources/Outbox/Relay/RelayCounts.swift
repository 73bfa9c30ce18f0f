/// What became of the events that were read from the outbox.
///
/// Each that was read is acknowledged, held, dead or unanswered at last, or is under way.
package struct RelayCounts: Equatable {
    /// Those that were read to be published; again each time.
    package internal(set) var read = 0
    /// The router has them.
    package internal(set) var acknowledged = 0
    /// The router refuses them for the moment: they are read again.
    package internal(set) var held = 0
    /// They are given up.
    package internal(set) var dead = 0
    /// The session, or leading, ended before the router answered: they are read again.
    package internal(set) var unanswered = 0
}
