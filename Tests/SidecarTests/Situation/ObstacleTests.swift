import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite("What stands in the way")
struct ObstacleTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("when it is tried again is said in whole seconds")
    func text() {
        check(Obstacle(reason: "down").text(at: self.now), "down")
        let obstacle = Obstacle(reason: "down", nextTry: self.now + .milliseconds(3001))
        check(obstacle.text(at: self.now), "down, next try in 4 s")
        check(obstacle.text(at: self.now + .milliseconds(3001)), "down")
    }
}
