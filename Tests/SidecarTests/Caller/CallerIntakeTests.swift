import Testing

@testable import Sidecar

/// For expectations, which change nothing themselves.
private final class Intake {
    private var intake = CallerIntake(most: 100)

    func holds(_ connection: Int32, octets: Int) { self.intake.holds(connection, octets: octets) }
    func mayRead(_ connection: Int32) -> Bool { self.intake.mayRead(connection) }
    func next() -> Int32? { self.intake.next() }
}

/// How much of callers' documents is received at once.
@Suite struct CallerIntakeTests {
    @Test func readsAllWhileThereIsRoom() {
        let intake = Intake()
        for connection: Int32 in 1...10 {
            intake.holds(connection, octets: 10)
            #expect(intake.mayRead(connection))
        }
        #expect(intake.next() == nil)
    }

    @Test func beyondTheSumOneIsRead() {
        let intake = Intake()
        for connection: Int32 in 1...3 { intake.holds(connection, octets: 40) }
        #expect(intake.mayRead(2))
        #expect(!intake.mayRead(1) && !intake.mayRead(3) && !intake.mayRead(1))
        #expect(intake.mayRead(4), "who holds nothing does no harm")
        intake.holds(2, octets: 80)
        #expect(intake.mayRead(2))
        #expect(intake.next() == nil)
        intake.holds(2, octets: 0)
        #expect(intake.next() == 1)
        #expect(intake.next() == 3)
        #expect(intake.next() == nil)
    }

    /// The one that is read is complete, and there is still no room: the next one is read.
    @Test func oneAfterTheOther() {
        let intake = Intake()
        for connection: Int32 in 1...4 { intake.holds(connection, octets: 60) }
        #expect(intake.mayRead(1))
        #expect(!intake.mayRead(2) && !intake.mayRead(3) && !intake.mayRead(4))
        intake.holds(1, octets: 0)
        #expect(intake.next() == 2)
        #expect(intake.next() == nil)
        #expect(intake.mayRead(2) && !intake.mayRead(3))
    }

    /// One that went away while it was not read is passed over.
    @Test func goneMeanwhile() {
        let intake = Intake()
        for connection: Int32 in 1...4 { intake.holds(connection, octets: 60) }
        #expect(intake.mayRead(1))
        #expect(!intake.mayRead(2) && !intake.mayRead(3))
        intake.holds(2, octets: 0)
        intake.holds(1, octets: 0)
        #expect(intake.next() == 2)
        #expect(intake.next() == 3)
        #expect(intake.mayRead(3) && !intake.mayRead(4))
    }
}
