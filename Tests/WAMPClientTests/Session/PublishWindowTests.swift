import Testing

@testable import WAMPClient

/// The number of publications under way at once.
@Suite struct PublishWindowTests {
    /// Answers that arrive while the window is full.
    private func answer(_ count: Int, _ window: inout PublishWindow) {
        while window.hasRoom { window.sent() }
        for _ in 0..<count {
            window.answered()
            while window.hasRoom { window.sent() }
        }
    }

    @Test func itIsNarrowAtFirst() {
        var window = PublishWindow()
        var sent = 0
        while window.hasRoom {
            window.sent()
            sent += 1
        }
        #expect(sent == 64)
        window.answered()
        #expect(window.hasRoom)
    }

    @Test func itWidensOnlyWhereItWasFull() {
        var window = PublishWindow()
        for _ in 0..<100_000 {
            window.sent()
            window.answered()
        }
        #expect(window.width == 64)
        self.answer(PublishWindow.proof, &window)
        #expect(window.width == 128)
        self.answer(PublishWindow.proof * 10, &window)
        #expect(window.width == PublishWindow.wide)
    }

    @Test func aLostAnswerNarrowsItForGood() {
        var window = PublishWindow()
        self.answer(PublishWindow.proof * 10, &window)
        window.lost()
        #expect((window.width, window.hasRoom) == (64, false))
        #expect(window.next == window.next.next)
        var next = window.next
        self.answer(PublishWindow.proof * 10, &next)
        #expect((next.width, next.hasLost) == (64, true))
    }

    @Test func whatIsGivenUpProvesNothing() {
        var window = PublishWindow()
        for _ in 0..<PublishWindow.proof * 2 {
            while window.hasRoom { window.sent() }
            window.ended()
        }
        #expect((window.width, window.underWay) == (64, 63))
    }
}
