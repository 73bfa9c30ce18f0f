import NIOCore
import Names

/// What stood in the way when something was last tried.
struct Obstacle: Equatable {
    let reason: String
    /// When it is tried again, if that is known.
    var nextTry: NIODeadline?

    /// As people read it: `connection refused, next try in 4 s`.
    func text(at now: NIODeadline) -> String {
        guard let next = self.nextTry, next > now else { return self.reason }
        let seconds = ((next - now).nanoseconds + 999_999_999) / 1_000_000_000
        return "\(self.reason), next try in \(seconds) s"
    }
}
