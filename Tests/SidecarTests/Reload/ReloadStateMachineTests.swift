import SidecarConfiguration
import TestChecks
import TestFolders
import Testing

@testable import Sidecar

@Suite("When the configuration is read again")
struct ReloadStateMachineTests {
    /// A file in two states.
    private struct Files {
        let first: [WatchedFile]
        let second: [WatchedFile]
        let third: [WatchedFile]

        init() throws {
            let folder = TemporaryFolder()
            let path = try folder.write("a", Array("1".utf8))
            self.first = [WatchedFile(path)]
            try folder.write("a", Array("12".utf8))
            self.second = [WatchedFile(path)]
            try folder.write("a", Array("123".utf8))
            self.third = [WatchedFile(path)]
        }
    }

    @Test("files that stay as they are are not read")
    func unchanged() throws {
        let files = try Files()
        var machine = ReloadStateMachine(known: files.first)
        check(machine.timeToLook(), .look)
        check(machine.timeToLook(), .nothing)
        check(machine.looked(files.first), .nothing)
        check(machine.timeToLookAgain(), .nothing)
        check(machine.timeToLook(), .look)
    }

    @Test("files that have changed are read when they stay as they are")
    func changed() throws {
        let files = try Files()
        var machine = ReloadStateMachine(known: files.first)
        _ = machine.timeToLook()
        check(machine.looked(files.second), .lookSoon)
        check(machine.timeToLook(), .nothing)
        check(machine.timeToLookAgain(), .look)
        check(machine.looked(files.third), .lookSoon)
        check(machine.timeToLookAgain(), .look)
        check(machine.looked(files.third), .read)
        check(machine.timeToLook(), .nothing)
        check(machine.wasRead(files.third), .nothing)
        check(machine.known, files.third)
        check(machine.timeToLook(), .look)
        check(machine.looked(files.third), .nothing)
    }

    @Test("what is back as it was is not read")
    func back() throws {
        let files = try Files()
        var machine = ReloadStateMachine(known: files.first)
        _ = machine.timeToLook()
        _ = machine.looked(files.second)
        _ = machine.timeToLookAgain()
        check(machine.looked(files.first), .nothing)
        check(machine.timeToLook(), .look)
    }

    @Test("what is asked for is read, whatever else is under way, and once more if it is asked for meanwhile")
    func askedFor() throws {
        let files = try Files()
        var machine = ReloadStateMachine(known: files.first)
        check(machine.askedFor(), .read)
        check(machine.askedFor(), .nothing)
        check(machine.askedFor(), .nothing)
        check(machine.wasRead(files.first), .read)
        check(machine.wasRead(files.first), .nothing)
        check(machine.timeToLook(), .look)
        check(machine.askedFor(), .nothing)
        check(machine.looked(files.first), .read)
        check(machine.wasRead(files.first), .nothing)
        _ = machine.timeToLook()
        check(machine.looked(files.second), .lookSoon)
        check(machine.askedFor(), .read)
        check(machine.timeToLookAgain(), .nothing)
    }

    @Test("nothing is read any more when the process stops")
    func stop() throws {
        let files = try Files()
        var machine = ReloadStateMachine(known: files.first)
        check(machine.isStopped, false)
        _ = machine.askedFor()
        machine.stop()
        check(machine.isStopped, true)
        check(machine.wasRead(files.second), .nothing)
        check(machine.askedFor(), .nothing)
        check(machine.timeToLook(), .nothing)
        check(machine.known, files.first)
    }
}
