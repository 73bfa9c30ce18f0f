import NIOCore
import Outbox

/// Since when each side stands as it does.
struct SituationTimes {
    private(set) var router: NIODeadline
    private(set) var database: NIODeadline
    private(set) var leadership: NIODeadline

    /// Everything begins now.
    init(at now: NIODeadline) {
        (self.router, self.database, self.leadership) = (now, now, now)
    }

    /// The situation has changed.
    mutating func follow(_ situation: Situation, from former: Situation, at now: NIODeadline) {
        if situation.session !== former.session { self.router = now }
        if situation.isDatabaseAvailable != former.isDatabaseAvailable { self.database = now }
        if situation.leadership != former.leadership { self.leadership = now }
    }
}
