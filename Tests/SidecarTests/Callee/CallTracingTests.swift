import NIOCore
import SidecarConfiguration
import Testing

@testable import Sidecar

@Suite struct CallTracingTests {
    @Test func allAtLevelDebug() {
        for level in [LogSettings.Level.trace, .debug] {
            let tracing = CallTracing(LogSettings(level: level, format: .text, slow: .milliseconds(500)))
            #expect(tracing.isReported(.zero) && !tracing.isSlow(.milliseconds(499)))
            #expect(tracing.isSlow(.milliseconds(500)))
        }
        let tracing = CallTracing(LogSettings(level: .debug, format: .text))
        #expect(tracing.isReported(.zero) && !tracing.isSlow(.hours(24)))
    }

    @Test func slowOnesAtLevelInfo() {
        let tracing = CallTracing(LogSettings(level: .info, format: .json, slow: .milliseconds(500)))
        #expect(!tracing.isReported(.nanoseconds(499_999_999)))
        #expect(tracing.isReported(.milliseconds(500)) && tracing.isSlow(.milliseconds(500)))
    }

    @Test func noneIfNoLineWouldBeWritten() {
        #expect(!CallTracing(LogSettings(level: .info, format: .text)).isReported(.hours(24)))
        for level in [LogSettings.Level.notice, .warning, .error] {
            let tracing = CallTracing(LogSettings(level: level, format: .text, slow: .milliseconds(1)))
            #expect(!tracing.isReported(.hours(24)))
        }
    }
}
