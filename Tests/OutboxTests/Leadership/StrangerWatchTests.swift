import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("Sessions at the former lock of leaders")
struct StrangerWatchTests {
    private let start = NIODeadline.uptimeNanoseconds(100_000_000_000)

    private func stranger(_ pid: Int32, isHolder: Bool = true) throws -> Stranger {
        try #require(Stranger(["\(pid)", "somebody", isHolder ? "t" : "f", "2"]))
    }

    @Test("they are looked for at once, and then once a minute")
    func due() {
        var watch = StrangerWatch()
        for (seconds, expected) in [(0, true), (3, false), (59, false), (60, true), (119, false), (120, true)] {
            check(watch.isDue(at: self.start + .seconds(Int64(seconds))), expected, "after \(seconds) s")
        }
    }

    @Test("each is reported when it comes, and not while it stays")
    func found() throws {
        let (first, second) = (try self.stranger(1), try self.stranger(2))
        let waiting = try self.stranger(2, isHolder: false)
        var watch = StrangerWatch()
        for (there, reported) in [
            ([first], [first]), ([first, second], [second]), ([second], []), ([waiting], [waiting]), ([], []),
            ([waiting, first], [waiting, first]),
        ] {
            check(watch.found(there), reported)
        }
    }
}
