import NIOCore
import NIOEmbedded
import TestChecks
import Testing

@testable import Sidecar

@Suite("Shutdown")
struct ShutdownTests {
    /// What happened, in order.
    private final class Story {
        let loop = EmbeddedEventLoop()
        var seen: [String] = []
        var goodbye: (() -> Void)?

        func part(_ name: String, patience: TimeAmount? = nil) -> RecordingPart {
            RecordingPart(name, drainPatience: patience) { self.seen.append($0) }
        }

        func shutdown(_ parts: [any Part]) -> Shutdown {
            Shutdown(parts, patience: .seconds(10), eventLoop: self.loop) { completion in
                self.seen.append("goodbye")
                self.goodbye = completion
            }
        }

        func begin(_ shutdown: Shutdown) {
            shutdown.begin { self.seen.append("\($0)") }
        }

        /// The events since the last call.
        func news() -> [String] {
            defer { self.seen = [] }
            return self.seen
        }
    }

    @Test("each part begins to finish when the one before has; then all stop, and GOODBYE is sent")
    func inOrder() {
        let story = Story()
        let (a, b) = (story.part("a"), story.part("b"))
        let shutdown = story.shutdown([a, b])
        story.begin(shutdown)
        check(story.news(), ["a drains"])
        a.drained?()
        check(story.news(), ["b drains"])
        b.drained?()
        check(story.news(), ["a stops", "b stops", "goodbye"])
        story.goodbye?()
        check(story.news(), ["inTime"])
        story.loop.advanceTime(by: .hours(1))
        check(story.news(), [])
    }

    @Test("a part has its own time, and all together have theirs")
    func patience() {
        let story = Story()
        let (a, b) = (story.part("a", patience: .seconds(2)), story.part("b"))
        let shutdown = story.shutdown([a, b])
        story.begin(shutdown)
        story.loop.advanceTime(by: .seconds(2))
        check(story.news(), ["a drains", "b drains"])
        a.drained?()
        check(story.news(), [])
        story.loop.advanceTime(by: .seconds(8))
        check(story.news(), ["a stops", "b stops", "goodbye"])
        b.drained?()
        story.goodbye?()
        check(story.news(), ["unfinished"])
    }

    @Test("a router that does not answer is waited for a moment")
    func silent() {
        let story = Story()
        let shutdown = story.shutdown([])
        story.begin(shutdown)
        check(story.news(), ["goodbye"])
        story.loop.advanceTime(by: .seconds(1))
        check(story.news(), [])
        story.loop.advanceTime(by: .seconds(1))
        check(story.news(), ["withoutGoodbye"])
        story.goodbye?()
        check(story.news(), [])
    }

    @Test("it begins once")
    func twice() {
        let story = Story()
        let shutdown = story.shutdown([story.part("a")])
        story.begin(shutdown)
        story.begin(shutdown)
        check(story.news(), ["a drains"])
    }
}
