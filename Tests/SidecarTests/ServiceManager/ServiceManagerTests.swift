import NIOCore
import NIOEmbedded
import TestChecks
import Testing

@testable import Sidecar

@Suite("Service manager")
struct ServiceManagerTests {
    /// What is sent, or refused.
    private final class Story {
        let loop = EmbeddedEventLoop()
        var sent: [String] = []
        var failures: [String] = []
        var refusal: String?

        func manager(watchdog: TimeAmount? = nil) -> ServiceManager {
            ServiceManager(
                watchdog: watchdog, eventLoop: self.loop,
                send: { message throws(ServiceManagerError) in
                    if let refusal = self.refusal { throw ServiceManagerError(refusal) }
                    self.sent.append(message)
                }, failed: { self.failures.append($0) })
        }

        /// What has been sent since last asked.
        func news() -> [String] {
            defer { self.sent = [] }
            return self.sent
        }
    }

    @Test("signs of life come from the event loop, twice as often as asked for")
    func watchdog() {
        let story = Story()
        let manager = story.manager(watchdog: .seconds(10))
        manager.start()
        check(story.news(), ["READY=1\nSTATUS=starting", "WATCHDOG=1"])
        story.loop.advanceTime(by: .milliseconds(4999))
        check(story.news(), [])
        story.loop.advanceTime(by: .milliseconds(1))
        check(story.news(), ["WATCHDOG=1"])
        story.loop.advanceTime(by: .seconds(10))
        check(story.news(), ["WATCHDOG=1", "WATCHDOG=1"])
    }

    @Test("a manager that does not watch gets no signs of life")
    func unwatched() {
        let story = Story()
        let manager = story.manager()
        manager.start()
        story.loop.advanceTime(by: .hours(1))
        check(story.news(), ["READY=1\nSTATUS=starting"])
        manager.changed(status: "ready")
        check(story.news(), ["STATUS=ready"])
    }

    @Test("the stop is reported, and signs of life go on until the end")
    func stop() {
        let story = Story()
        let manager = story.manager(watchdog: .seconds(10))
        manager.start()
        _ = story.news()
        manager.stopping()
        manager.stopping()
        story.loop.advanceTime(by: .seconds(5))
        check(story.news(), ["STOPPING=1\nSTATUS=stopping", "WATCHDOG=1"])
    }

    @Test("what the manager does not take is sent again, as it is by then, and reported once")
    func refused() {
        let story = Story()
        let manager = story.manager()
        story.refusal = "full"
        manager.start()
        manager.changed(status: "standby")
        story.loop.advanceTime(by: .seconds(2))
        check(story.news(), [])
        check(story.failures, ["full"])
        story.refusal = nil
        story.loop.advanceTime(by: .seconds(1))
        check(story.news(), ["READY=1\nSTATUS=standby"])
    }
}
