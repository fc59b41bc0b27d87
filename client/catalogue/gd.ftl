# Gàidhlig. Awaiting review by a fluent speaker.

language-name = Gàidhlig
language-switch = English
language-review = Tha a’ Ghàidhlig seo a’ feitheamh ri sgrùdadh le neach a tha fileanta.
language-review-in-english = (This Gaelic is awaiting review by a fluent speaker.)

app-title = Letterbox
page-title = { $screen } – Letterbox
page-title-error = Mearachd: { $screen } – Letterbox
skip-to-content = Leum dhan phrìomh shusbaint
header-landmark = Letterbox
language-landmark = Cànan
lock = Glais
lock-hint = Dùinidh seo na litrichean agad air an inneal seo gus an sgrìobh thu an abairt-fhaire agad.
leave-now = Fàg an duilleag seo an-dràsta
leave-now-hint = Faodaidh tu cuideachd an iuchair Escape a bhrùthadh trì tursan.
leave-now-count =
    { $left ->
        [one] Brùth Escape { $left } turas eile gus an duilleag seo fhàgail.
        [two] Brùth Escape { $left } thuras eile gus an duilleag seo fhàgail.
        [few] Brùth Escape { $left } tursan eile gus an duilleag seo fhàgail.
       *[other] Brùth Escape { $left } turas eile gus an duilleag seo fhàgail.
    }
back = Air ais
start-again = Tòisich às ùr
load-again = Luchdaich an duilleag a-rithist
warning = Rabhadh
error-title = Tha duilgheadas ann
error-prefix = Mearachd:

## Mus eil bogsa-litrichean ann

starting-name = Fuirich tiotan
starting-title = Fuirich tiotan
starting-text = Tha an duilleag seo ga h-ullachadh.

start-name = Toiseach
start-title = Na litrichean oifigeil agad, ann an aon àite
start-lead = Faodaidh buidhnean poblach ann an Alba litrichean a chur thugad an seo. Bidh thu gan leughadh air a’ fòn, an taibleid no a’ choimpiutair agad fhèin.
start-private-title = Chan urrainn ach do na h-innealan agadsa na litrichean agad a leughadh
start-private-text = Bidh sinn a’ stòradh nan litrichean agad glaiste. Chan eil an iuchair againn, agus mar sin chan urrainn dhuinn an leughadh. Chan urrainn do dhuine sam bith eile nas motha.
start-leave = Bheir “Fàg an duilleag seo an-dràsta” gu duilleag aimsir sa bhad thu. Ma bhrùthas tu an iuchair Escape trì tursan, tachraidh an aon rud. Faodaidh eachdraidh a’ bhrabhsair agad sealltainn fhathast gun robh thu an seo.
start-need-title = Na tha a dhìth ort
start-need-account = ScotAccount – mur eil fear agad, faodaidh tu fear a dhèanamh air an t-slighe
start-need-passphrase = abairt-fhaire nach eil aig duine ach agad fhèin
start-need-paper = peann is pàipear no clò-bhualadair, airson a’ chòd aiseig agad
start-need-time = mu dheich mionaidean
start-early-title = Is e tionndadh tràth a tha seo
start-early-text = Cha deach a sgrùdadh fhathast le daoine taobh a-muigh a’ phròiseict. Cùm ort a’ leughadh nan litrichean a thig air pàipear.
start-begin = Cuir am bogsa-litrichean agam air dòigh
start-recover = Tha bogsa-litrichean agam mu thràth

visit-start = Leugh na litrichean agam air inneal nach ann leamsa
visit-name = Leugh air an inneal seo
visit-title = Leugh air inneal nach ann leatsa
visit-lead = Sgrìobh an còd aiseig a sgrìobh thu sìos no a chlò-bhuail thu. Ma tha barrachd air aon agad, gabh am fear as ùire.
visit-trust = Na dèan seo ach air inneal anns a bheil adhbhar earbsa agad. Chì an neach aig a bheil smachd air na chì thusa, agus an còd.
visit-kept = Cha tèid dad a chumail an seo às dèidh dhut a dhùnadh. Fuirichidh faidhlichean a shàbhaileas tu.
visit-next-sign-in = Clàraichidh tu a-steach le ScotAccount ann an taba eile.
visit-next-read = Thig thu air ais dhan taba seo agus leughaidh tu na litrichean agad. Chan urrainn dhut dad atharrachadh no a sguabadh às.
visit-next-told = Innsidh na h-innealan agad fhèin cuin a chaidh na litrichean agad fhosgladh an seo agus cuin a chaidh an dùnadh.
visit-next-end = Nuair a dhùineas tu iad, chan eil dad dhiubh air fhàgail an seo. Dùinidh iad cuideachd mura tèid dad a dhèanamh fad còig mionaidean, agus às dèidh ceithir uairean a thìde air a’ char as fhaide.
visit-sign-in-text = Lorg sinn am bogsa-litrichean agad. A-nis clàraich a-steach le ScotAccount, gus sealltainn gur ann leatsa a tha e.
visit-sign-in-tab = Fosglaidh ScotAccount ann an taba eile. Thig air ais dhan fhear seo an dèidh làimhe.
visit-sign-in-stay = Fàg an taba seo fosgailte. Ma thèid a dhùnadh no a luchdachadh a-rithist, tòisichidh tu às ùr leis a’ chòd aiseig agad.
handed-over-name = Taba eile
handed-over-title = Cùm ort san taba eile
handed-over-text = Tha na chuir ScotAccount san taba far an do sgrìobh thu an còd aiseig agad. Faodaidh tu an taba seo a dhùnadh.
visit-bar = Tha thu a’ leughadh air inneal nach ann leatsa.
visit-sign-out = Clàraich a-mach à ScotAccount
visit-close = Dùin agus na fàg dad
visit-ends-soon = Thèid na litrichean agad a dhùnadh ann am mionaid, oir cha deach dad a dhèanamh an seo o chionn greis.
visit-over-name = Dùinte
visit-over-title = Tha na litrichean agad dùinte
visit-over-text = Cha deach dad a chumail an seo.
visit-over-idle = Chaidh an dùnadh oir cha deach dad a dhèanamh an seo o chionn greis.
visit-over-time = Chaidh an dùnadh oir bha an ùine aca seachad. Faodaidh tu am fosgladh a-rithist leis a’ chòd aiseig agad.
visit-over-ended = Chaidh an dùnadh bho inneal eile: chuir cuideigin crìoch air an leughadh an sin, no thàinig cuideigin air ais leis a’ chòd aiseig.
visit-over-files = Fuirichidh faidhlichean a shàbhail thu air an inneal seo. Sguab às iad ma bhios daoine eile ga chleachdadh.
visit-over-scotaccount = Dh’fhaodadh gu bheil thu fhathast clàraichte a-steach gu ScotAccount sa bhrabhsair seo. Ma tha, clàraich a-mach an sin mus fhalbh thu.
visit-over-code-title = Mur eil earbsa agad san inneal seo
visit-over-code-text = Dh’fhaodadh gu bheil an còd aiseig agad aig an neach aig a bheil smachd air. Faigh fear ùr air inneal dhut fhèin: rach gu { $host } an sin, tagh “Tha bogsa-litrichean agam mu thràth” agus sgrìobh an còd. Às dèidh sin chan obraich an seann chòd tuilleadh, agus chan fhaigh na h-innealan a chleachd thu roimhe litrichean ùra.
visit-over-start = Rach gun chiad duilleig

recover-name = Còd aiseig
recover-title = Faigh na litrichean agad air ais
recover-lead = Sgrìobh an còd aiseig a sgrìobh thu sìos no a chlò-bhuail thu nuair a chuir thu am bogsa-litrichean agad air dòigh. Ma tha barrachd air aon agad, gabh am fear as ùire. Nuair a bhios a h-uile rud deiseil, chan fhaigh na h-innealan a chleachd thu roimhe litrichean ùra.
recover-label = Còd aiseig
recover-hint = Deich buidhnean de cheithir litrichean is àireamhan. Tha e coma mu litrichean mòra agus beàrnan. Faodaidh tu cuideachd lethbhreac dheth a chur an seo.
recover-button = Air adhart
recover-start = Cleachd an còd aiseig agam
recover-new-code = Dh’fhaodadh gu bheil an còd aiseig agad aig cuideigin eile. Sgrìobh an seo aon turas eile e: gheibh thu fear ùr, agus chan obraich an seann fhear tuilleadh.
recover-next-title = Na thachras an uair sin
recover-next-passphrase = Taghaidh tu abairt-fhaire ùr.
recover-next-sign-in = Clàraichidh tu a-steach le ScotAccount, mar a rinn thu nuair a chuir thu am bogsa-litrichean agad air dòigh.
recover-next-sheet = Sgrìobhaidh tu sìos còd aiseig ùr. Cùm an seann fhear gus am bi a h-uile rud deiseil. Às dèidh sin chan obraich e tuilleadh.
recover-next-letters = Thig na litrichean agad air ais dhan inneal seo. Chan fhaigh na h-innealan a chleachd thu roimhe litrichean ùra.
recover-without-title = Chan eil an còd agam
recover-without-text = Às aonais a’ chòd chan urrainn do dhuine sam bith na litrichean agad a thoirt air ais: chan eil e againne nas motha. Iarr cuideachadh leis a’ bhogsa-litrichean agad bho na daoine a tha a’ ruith Letterbox.
recover-without-start-again = Thathar fhathast a’ togail dòigh air tòiseachadh às ùr le bogsa-litrichean falamh. Chan eil i ann fhathast. Gus am bi, innis dha na buidhnean poblach a sgrìobhas thugad gu bheil litrichean air pàipear a dhìth ort.

choose-passphrase-name = Abairt-fhaire
choose-passphrase-title = Tagh abairt-fhaire
choose-passphrase-text = Sgrìobhaidh tu i gach turas a dh’fhosglas tu na litrichean agad air an inneal seo.
choose-passphrase-new-title = Tagh abairt-fhaire ùr
choose-passphrase-new-text = Gabhaidh i àite na seann tè. Sgrìobhaidh tu i gach turas a dh’fhosglas tu na litrichean agad air an inneal seo.
choose-passphrase-hint = Co-dhiù 8 caractaran. Tha beàrnan gan cunntadh.
choose-passphrase-button = Air adhart
passphrase-advice-words = Tha ceithir faclan aig nach eil gnothach ri chèile furasta an cuimhneachadh agus doirbh an tomhas.
passphrase-advice-new = Na gabh tè a chleachdas tu an àite eile.
passphrase-advice-keep = Cùm i ann an àite sàbhailte. Ma dhìochuimhnicheas tu i, is e an còd aiseig agad a-mhàin a bheir na litrichean agad air ais.
passphrase-label = Abairt-fhaire
passphrase-show = Seall an abairt-fhaire
passphrase-hide = Falaich an abairt-fhaire
passphrase-is-shown = Tha an abairt-fhaire agad ga sealltainn.
passphrase-is-hidden = Tha an abairt-fhaire agad falaichte.

sign-in-name = Clàraich a-steach
sign-in-title = Seall cò thu
sign-in-begun-earlier = Thòisich thu air clàradh a-steach agus cha do chuir thu crìoch air. Faodaidh tu cumail a’ dol, no tòiseachadh às ùr le abairt-fhaire ùr.
sign-in-recovery-begun-earlier = Thòisich thu air na litrichean agad fhaighinn air ais agus cha do chuir thu crìoch air. Faodaidh tu cumail a’ dol, no tòiseachadh às ùr leis a’ chòd aiseig agad.
sign-in-text = Is ann le ScotAccount a chlàraicheas tu a-steach gu seirbheisean poblach na h-Alba. Bheir e tro thrì ceumannan goirid thu. Às dèidh gach ceuma thig thu air ais an seo airson tiotan.
sign-in-recovery-text = Lorg sinn am bogsa-litrichean agad. A-nis clàraich a-steach le ScotAccount, gus sealltainn gur ann leatsa a tha e. Bheir ScotAccount tro thrì ceumannan goirid thu. Às dèidh gach ceuma thig thu air ais an seo airson tiotan.
sign-in-step-account = Clàraich a-steach gu ScotAccount, no dèan cunntas.
sign-in-recovery-step-account = Clàraich a-steach dhan ScotAccount a chleachd thu nuair a chuir thu am bogsa-litrichean agad air dòigh. Na dèan fear ùr.
sign-in-step-identity = Aontaich ri d’ ainm agus do cheann-latha breith a cho-roinn. Is ann leotha a lorgas buidhnean poblach am bogsa-litrichean agad.
sign-in-step-address = Aontaich ri do sheòladh a cho-roinn, no diùlt e. Leigidh e leotha d’ aithneachadh bho chuideigin aig a bheil an aon ainm agus ceann-latha breith.
sign-in-private = Chan fhaigh ScotAccount a-mach dè an abairt-fhaire agad, agus chan urrainn dha na litrichean agad a leughadh.
sign-in-go-on = Air adhart gu ScotAccount

returning-name = Fuirich tiotan
returning-title = Fuirich tiotan
returning-text = Tha sinn a’ dearbhadh na chuir ScotAccount. Fàg an duilleag seo fosgailte.

confirm-name = Abairt-fhaire
confirm-title = Sgrìobh an abairt-fhaire agad a-rithist
confirm-text = Tha ScotAccount air dearbhadh cò thu.
confirm-with-address = Tha e air do sheòladh a dhearbhadh cuideachd.
confirm-without-address = Cha deach do sheòladh a dhearbhadh. Gheibh thu litrichean co-dhiù. Ach ma tha an aon ainm agus ceann-latha breith aig cuideigin eile, dh’fhaodadh nach urrainn do bhuidheann phoblach innse cò agaibh a th’ ann.
confirm-next = An uair sin sgrìobhaidh tu sìos còd aiseig, mura do rinn thu sin mu thràth. Biodh peann is pàipear no clò-bhualadair deiseil agad.
confirm-recovery-next = An uair sin sgrìobhaidh tu sìos còd aiseig ùr, mura do rinn thu sin mu thràth. Biodh peann is pàipear no clò-bhualadair deiseil agad, agus cùm an seann chòd gus am bi a h-uile rud deiseil.
confirm-hint = An tè a thagh thu mus deach thu gu ScotAccount.
confirm-button = Air adhart
confirm-forgotten-text = Ma-thà, tòisich às ùr le abairt-fhaire ùr agus clàraich a-steach aon turas eile. Chan eil litir sam bith agad an seo fhathast, agus mar sin cha chaill thu dad. Ma tha thu air còd aiseig a sgrìobhadh sìos mu thràth, cleachd sin na àite.
confirm-recovery-forgotten-text = Ma-thà, cleachd an còd aiseig agad a-rithist, tagh abairt-fhaire eile agus clàraich a-steach aon turas eile. Chan eil na litrichean agad air chall.
forgotten-title = Chan eil cuimhne agam air an abairt-fhaire agam

enrolled-elsewhere-name = Inneal eile
enrolled-elsewhere-title = Tha bogsa-litrichean agad mu thràth
enrolled-elsewhere-text = Chaidh a chur air dòigh air inneal eile, no ann am brabhsair eile. Ma tha sin agad fhathast, fosgail na litrichean agad an sin.
enrolled-elsewhere-more = Mur eil, bheir an còd aiseig agad na litrichean agad an seo. Às dèidh sin chan fhaigh an t-inneal eile litrichean ùra. Thathar fhathast a’ togail mar a chleachdas tu aon bhogsa-litrichean air dà inneal.
sheet-name = Còd aiseig
sheet-title = An còd aiseig agad
sheet-purpose = Bheir an còd seo na litrichean agad air ais ma chailleas tu an t-inneal agad no ma dhìochuimhnicheas tu an abairt-fhaire agad. Tha deich buidhnean de cheithir caractaran ann.
sheet-place = Nuair a bhios feum agad air, rach gu { $host } agus tagh “Tha bogsa-litrichean agam mu thràth”.
sheet-once = Sgrìobh sìos an còd no clò-bhuail e an-dràsta. Chan eil e againne, agus nuair a bhios tu deiseil cha ghabh a shealltainn a-rithist.
sheet-old-code = Cùm an seann chòd gus am bi a h-uile rud deiseil. Às dèidh sin chan obraich e tuilleadh.
sheet-keep-title = Càite an cùm thu e
sheet-keep-text = Is urrainn do dhuine sam bith aig a bheil an còd seo na litrichean agad fhosgladh. Mar sin cùm e
sheet-keep-home = ann an àite far nach bi na daoine eile nad dhachaigh a’ coimhead, no aig cuideigin anns a bheil earbsa agad
sheet-keep-photo = air pàipear, chan ann mar dhealbh no mar fhaidhle: bidh iad sin tric a’ dol gu neul a chì daoine eile cuideachd
sheet-keep-device = air falbh bhon inneal seo, gus nach caill thu an dà chuid còmhla
sheet-print = Clò-bhuail an duilleag seo
sheet-written-down = Tha an còd agam air pàipear
sheet-show = Seall an còd a-rithist
sheet-check-name = Dearbh an còd
sheet-check-title = Sgrìobh dà bhuidheann dhen chòd an seo
sheet-check-text = Gabh iad bhon phàipear agad. Seallaidh seo gu bheil an còd air a’ phàipear ceart mus bi feum agad air.
sheet-check-hint = Ceithir litrichean is àireamhan anns gach tè. Tha e coma mu litrichean mòra.
sheet-check-group = Buidheann { $number }
sheet-check-button = Cuir crìoch air

ready-name = Deiseil
ready-title = Tha am bogsa-litrichean agad deiseil
ready-lead = Faodaidh buidhnean poblach a tha a’ cleachdadh Letterbox litrichean a chur thugad an seo.
ready-made-title = Na chaidh a chur air dòigh
ready-made-identity = Lorgaidh buidhnean poblach am bogsa-litrichean agad leis an ainm agus a’ cheann-latha breith a dhearbh ScotAccount.
ready-made-device = Chan urrainn ach dhan inneal seo, agus do dhuine aig a bheil an còd aiseig agad, na litrichean agad fhosgladh.
ready-made-checked = Dhearbh an t-inneal seo nach gabh litrichean thugad fosgladh ann an dòigh sam bith eile.
ready-back-title = Tha na litrichean agad air ais
ready-back-lead = Faodaidh tu an leughadh air an inneal seo a-rithist. Sgrìobhaidh buidhnean poblach thugad mar a rinn iad roimhe.
ready-back-changed-title = Na tha air atharrachadh
ready-back-code = Chan obraich an seann chòd aiseig agad tuilleadh. Srac am pàipear sean agus cùm am fear ùr.
ready-back-devices = Chan fhaigh na h-innealan a chleachd thu roimhe litrichean ùra. Fuirichidh na chaidh a stòradh orra far a bheil e.
ready-lost-title = Ma chailleas tu an t-inneal seo no ma dhìochuimhnicheas tu an abairt-fhaire agad
ready-lost-text = An uair sin bheir an còd aiseig agad na litrichean agad air ais. Rach gu { $host } air inneal sam bith agus tagh “Tha bogsa-litrichean agam mu thràth”.
ready-lost-advice = Cùm am pàipear leis a’ chòd. Às aonais chan urrainn do dhuine sam bith na litrichean agad a thoirt air ais: chan urrainn dhutsa, agus chan urrainn dhuinne.
ready-enter = Rach gu na litrichean agam

## Am bogsa-litrichean

inbox-name = Litrichean
inbox-title = Na litrichean agad
inbox-looking = A’ coimhead airson nan litrichean agad…
inbox-count =
    { $count ->
        [one] Tha { $count } litir agad.
        [two] Tha { $count } litir agad.
        [few] Tha { $count } litrichean agad.
       *[other] Tha { $count } litir agad.
    }
inbox-empty-title = Chan eil litir sam bith agad fhathast
inbox-empty-text = Nuair a sgrìobhas buidheann phoblach thugad, nochdaidh an litir an seo leatha fhèin.
inbox-news =
    { $count ->
        [one] Thàinig { $count } litir ùr.
        [two] Thàinig { $count } litir ùr.
        [few] Thàinig { $count } litrichean ùra.
       *[other] Thàinig { $count } litir ùr.
    }
inbox-came = Thàinig i air
from-sender = Bho { $sender }
from-sender-unit = Bho { $sender }, { $unit }
reply-by = Freagair ro
suspended-short = Bi faiceallach: chan fhaod an neach-cuiridh seo litrichean a chur an seo tuilleadh.
connection-lost = Chan eil ceangal ann an-dràsta. Faodaidh tu na litrichean a tha an seo a leughadh. Tha sinn a’ feuchainn fhathast.
session-is-open = Chaidh na litrichean agad fhosgladh leis a’ chòd aiseig agad air inneal eile { $opened }. Tha iad fosgailte an sin an-dràsta.
session-was-open = Chaidh na litrichean agad fhosgladh leis a’ chòd aiseig agad air inneal eile { $opened }. Chaidh an dùnadh an sin { $closed }.
session-was-me = B’ e mise a bh’ ann
session-end = Cuir crìoch air an-dràsta
session-not-me = Cha b’ e mise a bh’ ann: faigh còd ùr

letter-name = Litir
letter-back = Air ais gu na litrichean agad
sender-verified = Neach-cuiridh dearbhte
sender-how-title = Mar a tha fios againn cò chuir seo
sender-how-text = Tha ainm-sgrìobhte { $sender } ({ $domain }) air an litir. Mus b’ urrainn dhaibh litrichean a chur an seo, dhearbh dithis gur ann leothasan a tha an t-ainm-sgrìobhte. Dhearbh an t-inneal seo nach deach an litir atharrachadh.
sender-suspended = Chan fhaod { $sender } litrichean a chur an seo tuilleadh. Mus dèan thu na tha an litir seo ag ràdh, faighnich de { $sender } a bheil i ceart. Na cleachd na h-àireamhan fòn, na seòlaidhean no na ceanglaichean san litir seo airson sin.
letter-to-do-title = Na dh’fheumas tu dèanamh
letter-nothing-to-do = Cha do chomharraich { $sender } dad a dh’fheumas tu dèanamh. Leugh an litir gus a bhith cinnteach.
letter-plain-title = Ann am faclan sìmplidh
letter-text-title = An litir
attachments-title = Ceanglachain
attachments-hint = Nuair a shàbhaileas tu faidhle, faodaidh a h-uile duine a chleachdas an t-inneal seo fhosgladh.
attachment-pdf = Sgrìobhainn PDF
attachment-picture = Dealbh
attachment-text = Teacsa
attachment-other = Faidhle de sheòrsa eile
attachment-can-run = Faodaidh cuid de dh’fhaidhlichean den t-seòrsa seo toirt air an inneal agad rudan a dhèanamh. Na fosgail e mura robh dùil agad ris bhon neach-cuiridh seo.
attachment-no-kind = Chan eil ainm an fhaidhle seo ag innse dè an seòrsa a th’ ann. Na fosgail e mura robh dùil agad ris bhon neach-cuiridh seo.
attachment-save = Sàbhail
attachment-progress = An seo gu ruige seo: { $done } de { $size }
attachment-quarters =
    { $quarters ->
        [1] Tha cairteal den fhaidhle an seo.
        [2] Tha leth an fhaidhle an seo.
       *[other] Tha trì cairtealan den fhaidhle an seo.
    }
attachment-saved = Chaidh am faidhle a thoirt dhan bhrabhsair agad. Bidh e am measg nan rudan a luchdaich thu a-nuas.
attachment-save-again = Mura do thachair dad, sàbhail a-rithist e
size-bytes =
    { $count ->
        [one] { $count } bhaidht
        [two] { $count } bhaidht
        [few] { $count } baidhtichean
       *[other] { $count } baidht
    }
size-kilobytes = { $size } KB
size-megabytes = { $size } MB
letter-contact-title = Fios thuca
letter-case = Àireamh do chùise:
action-by = Ro
action-amount = Suim:
action-reference = Iomradh:
action-start = A’ tòiseachadh:
action-end = A’ crìochnachadh:
action-place = Àite:
action-until = Mairidh na cheadaicheas tu gu
forms-title = An aon litir ann an cruthan eile
form-translation = Ann an cànan eile
form-large-print = Ann an clò mòr
form-easy-read = Ann an cruth a tha furasta a leughadh
form-sign-language = Ann an cànan soidhnidh
form-audio = Mar fhuaim
form-braille = Ann am Braille
form-print = Mar a tha i air pàipear
form-file = Anns an fhaidhle seo dhen litir:
link-host = ({ $host }, fosglaidh seo ann an taba ùr)
dead-link = ({ $address })

settings-open = Roghainnean
settings-name = Roghainnean
settings-title = Cuin a thèid na litrichean agad a ghlasadh
settings-device = Chan eil na thaghas tu an seo a’ buntainn ach ris an inneal seo.
settings-idle = Glais nuair nach deach dad a dhèanamh an seo fad
settings-idle-hint = Thèid faighneachd dhut mionaid ro làimh, agus faodaidh tu na litrichean agad a chumail fosgailte cho tric ’s a thogras tu.
settings-minutes =
    { $count ->
        [one] { $count } mhionaid
        [two] { $count } mhionaid
        [few] { $count } mionaidean
       *[other] { $count } mionaid
    }
settings-hidden = Glais cho luath ’s nach eil an duilleag seo ri faicinn
settings-hidden-hint = Mar eisimpleir nuair a thèid thu gu taba no aplacaid eile, no nuair a thèid an sgrìn dheth.
settings-save = Sàbhail
settings-saved = Chaidh an roghainn agad a shàbhaladh.
sessions-title = Air an leughadh leis a’ chòd aiseig agad
sessions-text = Air na làithean seo den 90 mu dheireadh chaidh na litrichean agad fhosgladh leis a’ chòd aiseig agad air inneal nach cùm dad.
sessions-none = Anns na 90 latha mu dheireadh cha deach na litrichean agad fhosgladh san dòigh seo.
sessions-unknown = Chan eil fios againn fhathast. Cha robh ceangal ann.
session-end-itself = Dhùin an neach a leugh an sin iad.
session-end-device = Chaidh an dùnadh bho inneal agad.
session-end-restart = Chaidh an dùnadh oir thàinig cuideigin air ais leis a’ chòd aiseig.
session-end-time = Chaidh an dùnadh oir bha an ùine aca seachad.
locks-soon = Thèid an duilleag seo a ghlasadh ann am mionaid, oir cha deach dad a dhèanamh an seo o chionn greis.
locks-soon-stay = Cùm fosgailte i
locks-later = Fuirichidh an duilleag seo fosgailte.
typed-ends-soon = Thèid na sgrìobh thu a thoirt air falbh ann am mionaid, oir cha deach dad a dhèanamh an seo o chionn greis.
typed-stay = Cùm e
typed-stays = Fuirichidh na sgrìobh thu.
typed-removed = Chaidh na chaidh a sgrìobhadh an seo a thoirt air falbh oir cha deach dad a dhèanamh an seo o chionn greis. Sgrìobh a-rithist e.

locked-name = Glaiste
locked-title = Tha na litrichean agad glaiste
locked-hint = An abairt-fhaire a thagh thu air an inneal seo.
locked-button = Fosgail
locked-forgotten-text = Chan urrainn do dhuine sam bith a h-ath-shuidheachadh. Leis a’ chòd aiseig agad taghaidh tu abairt-fhaire ùr agus gheibh thu na litrichean agad air ais. Cha tèid na tha air a stòradh an seo a sguabadh às.
locked-idle = Chaidh an duilleag seo a ghlasadh oir cha deach dad a dhèanamh an seo o chionn greis.
locked-hidden = Chaidh an duilleag seo a ghlasadh oir cha robh i ri faicinn. Thagh thu sin anns na roghainnean.

open-elsewhere-name = Taba eile
open-elsewhere-title = Tha na litrichean agad fosgailte ann an taba eile
open-elsewhere-text = Cùm ort san taba no san uinneig sin. No dùin i agus feuch a-rithist an seo.
open-elsewhere-button = Feuch a-rithist an seo

## Na thathar a’ dèanamh

progress-waiting = Fuirich tiotan…
progress-leaving = Gad thoirt gu ScotAccount…
step-sealing = A’ dèanamh iuchraichean a’ bhogsa-litrichean agad…
step-confirming = A’ dearbhadh a’ chlàraidh a-steach agad…
step-publishing = A’ cur a’ bhogsa-litrichean agad dhan chlàr…
step-verifying = A’ dearbhadh gu bheil a h-uile rud ceart…
step-opening-mailbox = A’ fosgladh a’ bhogsa-litrichean agad…
step-unlocking = A’ dearbhadh na h-abairt-fhaire agad…
step-loading = A’ luchdachadh nan litrichean agad…
step-restoring = A’ toirt nan litrichean agad air ais…

## Na chaidh ceàrr

vault-failed-name = Chan eil an duilleag seo ag obair
vault-failed-title = Chan eil an duilleag seo ag obair
vault-failed-text = Cha b’ urrainn do phàirt den duilleag seo tòiseachadh. Cha deach suathadh ris na litrichean no na h-iuchraichean agad. Feuch an luchdaich thu an duilleag a-rithist.
stopped-name = Chan ann an-dràsta
stopped-title = Cha ghabh na litrichean agad fosgladh an-dràsta
stopped-text = Cha deach dad a sguabadh às. Feuch an luchdaich thu an duilleag a-rithist. Cha sguab “Tòisich às ùr” litir sam bith às: cha chuir e às ach do chlàradh a-steach nach deach a chrìochnachadh.

problem-passphrase-too-short = Sgrìobh abairt-fhaire le co-dhiù 8 caractaran.
problem-wrong-passphrase = Chan e seo an abairt-fhaire. Thoir sùil oirre agus feuch a-rithist.
problem-no-memory = Chan eil cuimhne shaor gu leòr aig an inneal seo. Dùin tabaichean agus aplacaidean eile, agus feuch a-rithist.
problem-no-storage = Chan eil rùm air fhàgail aig a’ bhrabhsair seo, no chan eil e a’ leigeil leis an duilleag seo dad a stòradh. Dèan rùm, no fàg am brabhsadh prìobhaideach, agus feuch a-rithist.
problem-storage-damaged = Cha ghabh na tha air a stòradh air an inneal seo leughadh. Cha deach dad a sguabadh às. Luchdaich an duilleag a-rithist. Mura cuidich sin, bheir an còd aiseig agad na litrichean agad air ais.
problem-unknown-sign-in = Cha bhuin na thàinig air ais do chlàradh a-steach a thòisich an seo, agus mar sin cha deach a chleachdadh. Tòisich air an duilleag seo.
problem-sign-in-expired = Tha an clàradh a-steach seachad: mhair e nas fhaide na uair a thìde, no dh’atharraich rudeigin aig an aon àm. Clàraich a-steach a-rithist.
problem-sign-in-cancelled = Chaidh stad a chur air a’ chlàradh a-steach aig ScotAccount. Cha deach dad a cho-roinn. Faodaidh tu cumail a’ dol no tòiseachadh às ùr.
problem-not-confirmed = Cha b’ urrainn do ScotAccount dearbhadh cò thu. Faodaidh tu feuchainn a-rithist. Tha duilleagan taice ScotAccount ag innse dè a tha a dhìth air.
problem-directory-unreachable = Cha ghabh clàr nam bogsaichean-litrichean ruighinn an-dràsta. Feuch a-rithist ann am beagan mhionaidean.
problem-directory-refused = Cha do ghabh clàr nam bogsaichean-litrichean ri seo. Feuch a-rithist nas fhaide air adhart.
problem-out-of-time = Chan eil Letterbox agus an t-inneal seo a’ còrdadh mun àm. Thoir sùil air ceann-latha is uair an inneil seo. Ma tha iad ceart, chan ann ortsa a tha a’ choire: feuch a-rithist nas fhaide air adhart.
problem-directory-other-sign-in = Chaidh clàr nam bogsaichean-litrichean air adhart le clàradh a-steach nach deach a dhèanamh air an inneal seo. Stad sinn, gus do chumail sàbhailte. Innis dha na daoine a tha a’ ruith Letterbox.
problem-directory-other-details = Chan urrainn do chlàr nam bogsaichean-litrichean sealltainn gun do dhearbh ScotAccount d’ ainm no do sheòladh. Stad sinn, gus do chumail sàbhailte. Innis dha na daoine a tha a’ ruith Letterbox.
problem-directory-other-keys = Tha clàr nam bogsaichean-litrichean a’ sealltainn iuchraichean eile fod ainm seach iuchraichean an inneil seo. Dh’fhaodadh litrichean a dhol gu cuideigin eile. Innis dha na daoine a tha a’ ruith Letterbox sa bhad.
problem-directory-other-history = Tha clàr nam bogsaichean-litrichean a’ dol an aghaidh na sheall e roimhe. Stad sinn, gus do chumail sàbhailte. Innis dha na daoine a tha a’ ruith Letterbox.
problem-directory-lied = Chan urrainn do chlàr nam bogsaichean-litrichean na tha e ag ràdh a dhearbhadh. Stad sinn, gus do chumail sàbhailte. Innis dha na daoine a tha a’ ruith Letterbox.
problem-relay-unreachable = Cha ghabh an t-àite far a bheil na litrichean agad air an stòradh ruighinn an-dràsta. Feuch a-rithist ann am beagan mhionaidean.
problem-relay-refused = Cha do ghabh an t-àite far a bheil na litrichean agad air an stòradh ri seo. Feuch a-rithist nas fhaide air adhart.
problem-relay-lied = Thug an t-àite far a bheil na litrichean agad air an stòradh freagairt nach eil ceart. Dh’fhaodadh litir a bhith a dhìth no air a h-atharrachadh. Innis dha na daoine a tha a’ ruith Letterbox.
problem-shut-out = Chaidh am bogsa-litrichean seo fhosgladh air inneal eile leis a’ chòd aiseig. Chan fhaigh an t-inneal seo litrichean ùra; fuirichidh na tha an seo. Mura tusa a rinn e, innis dha na daoine a tha a’ ruith Letterbox.
problem-relay-older = Tha an t-àite far a bheil na litrichean agad air an stòradh a’ sealltainn staid nas sine na roimhe. Dh’fhaodadh litrichean a bhith a dhìth. Innis dha na daoine a tha a’ ruith Letterbox.
problem-trust-file = Cha b’ urrainn dhan duilleag seo dèanamh cinnteach gu bheil i a’ bruidhinn ris an t-seirbheis cheart. Stad sinn, gus do chumail sàbhailte. Feuch a-rithist nas fhaide air adhart.
problem-other-deployment = Cha bhuin an duilleag seo tuilleadh dhan t-seirbheis far an deach am bogsa-litrichean agad a chur air dòigh. Stad sinn, gus do chumail sàbhailte. Cha deach suathadh ris na litrichean agad.
problem-two-letters-of-one-number = Thàinig dà litir eadar-dhealaichte fon aon àireimh. Chan fhaod sin tachairt. Innis dha na daoine a tha a’ ruith Letterbox.
problem-unopenable-letter = Thàinig litir nach urrainn dhan inneal seo fhosgladh, no cha b’ urrainn dhuinn dearbhadh cò chuir i. Chan eil i ga sealltainn.
problem-keys-in-use = Chan urrainnear seo a thilgeil air falbh tuilleadh: dh’fhaodadh gu bheil do bhogsa-litrichean air a stèidheachadh leis mu thràth. Lean ort leis an abairt-fhaire a thagh thu.
problem-too-many-sessions = Chaidh na litrichean agad fhosgladh leis a’ chòd aiseig agad ro thric. Cha ghabh am fosgladh san dòigh seo an-dràsta. Cleachd inneal dhut fhèin, no faigh còd ùr an sin.
problem-session-over = Chaidh seo a dhùnadh mus b’ urrainn a chleachdadh. Clàraich a-steach a-rithist.
problem-no-such-letter = Chan eil an litir seo an seo tuilleadh.
problem-attachment-lost = Chan eil am faidhle seo tuilleadh san àite far a bheil na litrichean agad air an stòradh. Faodaidh tu an litir a leughadh fhathast. Iarr am faidhle air an neach-cuiridh.
problem-attachment-altered = Chan e am faidhle a tha air ainmeachadh san litir a thàinig, agus mar sin cha deach a shàbhaladh. Iarr air an neach-cuiridh e, agus innis dha na daoine a tha a’ ruith Letterbox.
problem-out-of-turn = Tha an duilleag seo a-mach à ceum. Luchdaich a-rithist i.
problem-code-malformed = Tha rudeigin a dhìth no ceàrr sa chòd aiseig seo. Tha deich buidhnean de cheithir ann. Coimeas e ris a’ phàipear agad, buidheann às dèidh buidhne.
problem-code-unknown = Chan eil bogsa-litrichean ann a dh’fhosglas leis a’ chòd seo. Dh’fhaodadh gur e seann chòd a th’ ann. Ma tha pàipear nas ùire agad, sgrìobh an còd a tha air an fhear sin.
problem-code-replaced = Chaidh còd nas ùire an àite a’ chòd a sgrìobh thu. Tòisich às ùr leis a’ phàipear a chrìochnaich thu mu dheireadh.
problem-code-mistyped = Chan eil seo a rèir a’ chòd agad. Coimeas an dà bhuidheann ris a’ phàipear agad. Ma tha iad co-ionann, tagh “Seall an còd a-rithist” agus ceartaich am pàipear.
problem-other-owner = Tha an còd aiseig seo airson bogsa-litrichean cuideigin eile seach an neach a chlàraich a-steach. Tòisich às ùr leis a’ chòd agad fhèin, no clàraich a-steach dhan ScotAccount agad fhèin.

## Cinn-latha, far nach aithne dhan bhrabhsair an cànan

date-long =
    { $day } { $month ->
        [1] dhen Fhaoilleach
        [2] dhen Ghearran
        [3] dhen Mhàrt
        [4] dhen Ghiblean
        [5] dhen Chèitean
        [6] dhen Ògmhios
        [7] dhen Iuchar
        [8] dhen Lùnastal
        [9] dhen t-Sultain
        [10] dhen Dàmhair
        [11] dhen t-Samhain
       *[12] dhen Dùbhlachd
    } { $year }
date-at-time = { $date }, { $time }
