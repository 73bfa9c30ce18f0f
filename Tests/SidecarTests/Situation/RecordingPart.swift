import NIOCore

@testable import Sidecar

/// A part that records its calls, and finishes when the test says so.
final class RecordingPart: Part {
    let name: String
    let drainPatience: TimeAmount?
    private let record: (String) -> Void
    /// What it does when the situation changes.
    var followed: ((Situation, Situation) -> Void)?
    private(set) var drained: (() -> Void)?

    init(_ name: String, drainPatience: TimeAmount? = nil, record: @escaping (String) -> Void) {
        self.name = name
        self.drainPatience = drainPatience
        self.record = record
    }

    func follow(_ situation: Situation, from former: Situation) {
        self.record("\(self.name): \(former.listenings) -> \(situation.listenings)")
        self.followed?(situation, former)
    }

    func drain(completion: @escaping () -> Void) {
        self.record("\(self.name) drains")
        self.drained = completion
    }

    func stop() {
        self.record("\(self.name) stops")
    }
}
