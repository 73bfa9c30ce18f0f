internal import DequeModule
internal import NIOCore

/// How the server's messages are read and handed to their receivers.
extension Connection {
    func descriptorIsReady() {
        guard self.isNotClosed, self.flow.socketIsReady() else { return }
        self.receive()
    }

    /// Stops reading after the messages that have been read; the server will soon stop sending.
    func pause() {
        self.flow.pause()
    }

    /// Continues reading.
    func resume() {
        self.run(self.flow.resume())
    }

    /// Reads the running work to its end, even if paused: its rows are of no use any more, only its end is.
    func drain() {
        guard !self.inFlight.isEmpty else { return }
        self.run(self.flow.drain())
    }

    private func run(_ action: FlowStateMachine.Action) {
        guard self.isNotClosed else { return }
        switch action {
        case .none:
            break
        case .read:
            // The pause was not the server's fault.
            self.headSince = self.eventLoop.now
            self.receive()
        case .readOn:
            self.headSince = self.eventLoop.now
        }
    }

    func receive() {
        // The owner may have waited for this answer only.
        let owner = self.owner
        defer { withExtendedLifetime(owner) {} }
        self.flow.turnBegan()
        defer { self.flow.turnEnded() }
        repeat {
            self.weighIncomplete()
            guard self.isNotClosed else { return }
            guard self.handle.read() else {
                let reason = self.handle.errorText
                self.takeResults()
                return self.lose(reason)
            }
            unsafe self.handle.takeNotifications { channel, payload in
                self.incomplete = nil
                unsafe self.owner.notified(channel: channel, payload: payload, on: self)
            }
            self.takeResults()
        } while self.flow.hasRead() && self.isNotClosed
        guard self.isNotClosed else { return }
        if self.isRetiring, self.inFlight.isEmpty {
            self.lose(nil)
            return
        }
        self.flush()
        guard self.isNotClosed, self.flow.mustArm else { return }
        self.arm()
    }

    /// The server measures a row, but neither an error's text nor the result of CALL. libpq reads a whole message into
    /// memory before it returns any of it, so a connection that is seen to receive too much at once is closed. (A
    /// server that is faster than this side is not noticed in time: libpq reads for as long as there is something to
    /// read.)
    private func weighIncomplete() {
        guard !self.inFlight.isEmpty else { return self.incomplete = nil }
        guard let incomplete = self.incomplete else { return self.incomplete = 0 }
        guard let arrived = self.handle.readableOctets else { return }
        self.incomplete = incomplete + arrived
        let most = self.inFlight.reduce(0) { max($0, $1.work?.mostOctets ?? Work.usualMostOctets) }
        guard incomplete + arrived > most else { return }
        self.inFlight[0].error = .tooLargeAnswer
        self.lose(DatabaseError.tooLargeAnswer.message)
    }

    private func takeResults() {
        guard !self.inFlight.isEmpty else { return }
        let now = self.eventLoop.now
        while !self.inFlight.isEmpty, self.isNotClosed, !self.isHeld, !self.handle.isBusy {
            guard let result = self.handle.takeResult() else {
                guard self.handle.isSound else { return self.lose(self.handle.errorText) }
                guard self.pipeline.commandEnded() != .broken else { return self.giveUp() }
                self.enterSingleRowMode()
                continue
            }
            self.incomplete = nil
            self.take(result, now: now)
        }
        guard self.isNotClosed else { return }
        if !self.inFlight.isEmpty { self.lookAtReportedSettings() }
        self.owner.turnEnded(on: self)
    }

    private func take(_ result: consuming QueryResult, now: NIODeadline) {
        let kind = result.kind
        guard kind != .copy else {
            self.inFlight[0].error = DatabaseError(
                sqlstate: "0A000", message: "COPY to or from the client is not possible in a procedure")
            return self.lose("a procedure began a COPY, which can't be ended in a pipeline")
        }
        guard !result.isLossOfConnection else { return self.lose(self.handle.errorText) }
        switch self.pipeline.received(kind) {
        case .none:
            break
        case .handRowsOver:
            self.handOver(result)
        case .handDescriptionOver:
            guard let work = self.head else { return self.giveUp() }
            work.handler.described(result.shape, of: work)
        case .keepError:
            if result.memory > Self.greatestMessage { self.grew() }
            self.inFlight[0].error = result.error
        case .remember(let statement):
            self.statements.prepared(statement)
        case .forget(let statement):
            self.statements.notPrepared(statement)
        case .forgetAndKeepError(let statement):
            self.statements.notPrepared(statement)
            self.inFlight[0].error = result.error
        case .endSegment:
            self.segmentEnded(now: now)
            return
        case .broken:
            return self.giveUp()
        }
        if kind == .command, self.pipeline.isAtMain { self.inFlight[0].affectedRows = result.affectedRows }
    }

    private func handOver(_ result: borrowing QueryResult) {
        guard let work = self.head else { return self.giveUp() }
        for number in 0..<result.rowCount {
            let row = result.row(number)
            if row.byteCount > Self.greatestMessage { self.grew() }
            work.handler.received(row, of: work)
        }
        if result.kind == .rows { self.inFlight[0].affectedRows = result.affectedRows }
    }

    private func segmentEnded(now: NIODeadline) {
        let ended = self.inFlight.removeFirst()
        self.flow.segmentEnded()
        guard let work = ended.work else { return self.cleaningEnded(ended.error) }
        let headSince = self.headSince
        self.headSince = now
        let isClean = self.handle.isOutsideTransaction(isRunning: !self.inFlight.isEmpty)
        if let error = ended.error {
            if error.condemnsSession { self.isRetiring = true }
            if error.canComeFromSettings { self.cleaning.soil() }
        }
        if work.settings != nil { self.cleaning.soil() }
        if self.inFlight.isEmpty { self.lookAtReportedSettings() }
        self.enterSingleRowMode()
        self.owner.ended(
            work, error: ended.error, affectedRows: ended.affectedRows,
            ran: now - max(headSince, ended.sentAt), on: self)
        guard !isClean, self.isNotClosed else { return }
        let isExpected = work.isExplicitTransaction && ended.error != nil
        self.lose(isExpected ? nil : "a procedure left a transaction open in its session")
    }

    // MARK: - Putting the session in order

    private func cleaningEnded(_ error: DatabaseError?) {
        let began = self.headSince
        let now = self.eventLoop.now
        self.headSince = now
        let action = self.cleaning.ended(hasFailed: error != nil)
        self.enterSingleRowMode()
        switch action {
        case .none:
            break
        case .clean:
            self.noteReportedSettings()
            self.owner.resetEnded(on: self)
        case .set(let settings):
            self.noteReportedSettings()
            self.sendPreludes([settings])
            self.flush()
        case .sendAfterCleaning(let follower):
            self.noteReportedSettings()
            if !self.send(follower, now: now) { self.owner.notSent(follower) }
        case .sendAfterSetting(let follower):
            if !self.send(follower, now: now) { self.owner.notSent(follower) }
        case .refuse(let follower):
            self.owner.ended(follower, error: error, affectedRows: 0, ran: now - began, on: self)
        case .retire:
            self.isRetiring = true
            self.owner.resetEnded(on: self)
        }
    }

    private func noteReportedSettings() {
        self.reported = ReportedSettings(of: self.handle)
    }

    /// A setting that the server reports by itself has changed, and not by a statement of the sidecar.
    private func lookAtReportedSettings() {
        if !self.needsReset, !self.reported.isEqual(to: self.handle) { self.cleaning.soil() }
    }
}
